"""Reads records of any form: python examples/read_record.py FILE_FOLDER_OR_ZIP"""

import sys

from quakesite.records import read

for record in read(sys.argv[1]):
    east, north, vertical = record.acceleration  # cm/s^2, one row per component
    print(
        f"{record.record_id}: {record.sampling_rate_hz:g} Hz, PGA {abs(vertical).max():.2f} cm/s^2 (vertical)"
    )
