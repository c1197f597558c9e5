"""The annotation page: a room beside the corridor in which experts pick P and S arrivals by eye.

It reads what the corridor made (records, automatic picks) and writes one table per annotator, which
`picks.manual` reads. Nothing imports it.
"""
