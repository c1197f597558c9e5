"""Fetches events and records from AFAD for those who have access; beside the corridor, used by no stage."""
