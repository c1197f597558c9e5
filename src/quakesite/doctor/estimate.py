"""What a run will take of disk and memory, told from the archive's size.

| form | bytes of `records/` per byte of the archive, unpacked | measured on |
|---|---|---|
| asc | 0.21 | 119 TADAS records, 77.5 MB (a line of text becomes a float32) |
| nsmn | 0.31 | 2 records, 1.4 MB |
| mat | 0.46 | 13 records, 2.4 MB (float64, compressed) |
| mseed | 1.8 | 1 TADAS record (Steim-compressed integers) |

Windows are stored as they are: four channels of float32, so 16 bytes per sample. Selection (distance, signal
to noise) only makes less of both, so what is estimated here is the most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from quakesite.config import Config
from quakesite.records.archive import Scan

RECORDS_PER_BYTE = {"asc": 0.21, "nsmn": 0.31, "mat": 0.46, "mseed": 1.8}
COMPONENTS = 3
"""Files of the form `asc` per record: one component each."""
CHANNELS_BYTES = 4 * 4
PER_RECORD = 4_000
"""Bytes of picks, candidates, rows of tables and logs; 2.3 kB measured (342 records, two methods)."""
PER_MODEL = 2 * 3_300_000
"""Bytes of a trained network (805,317 float32), and again while it trains; 3.0 MB measured when done."""
FIXED = 100_000_000
"""Bytes of figures, pages, the report and Snakemake's own records."""
DEMO_RESULTS = 200_000_000
"""Bytes of the embedded default's results; 147 MB and 191 MB measured."""

JOB_BYTES = 750_000_000
"""The most that any job takes besides its windows; 724 MB measured (training), 574 MB (EQTransformer)."""


def records_of(scan: Scan) -> int:
    """Returns about how many records the files of an archive are."""
    forms = Counter(file.form for file in scan.found if file.form != "stationxml")
    return sum(-(-number // COMPONENTS) if form == "asc" else number for form, number in forms.items())


def windows_bytes(config: Config, n_records: int, kinds: Iterable[str] | None = None) -> int:
    """Returns the bytes of the windows of `n_records` records under one annotation.

    Args:
        config: the configuration.
        n_records: number of records.
        kinds: the kinds of window; all by default.
    """
    wanted = config.windows.kinds if kinds is None else kinds
    samples = sum(config.windows.kinds[kind].length_s * config.windows.rate_of(kind) for kind in wanted)
    return round(CHANNELS_BYTES * samples * n_records)


def results_bytes(config: Config, scan: Scan | None) -> int:
    """Returns about how many bytes the results of a whole run take, at most."""
    if scan is None:
        return DEMO_RESULTS
    records = sum(RECORDS_PER_BYTE.get(file.form, 0.0) * file.size for file in scan.found)
    n_records = records_of(scan)
    annotations = 2 if config.picks.manual else 1
    models = (len(config.training.names) + 2) * config.training.trials  # and two encoders
    return round(
        records
        + annotations * windows_bytes(config, n_records)
        + n_records * PER_RECORD
        + models * PER_MODEL
        + FIXED
    )


def job_bytes(config: Config, scan: Scan | None) -> int:
    """Returns about how much memory the largest job takes: training, which holds its windows."""
    if scan is None:
        return JOB_BYTES
    n_records = records_of(scan)
    largest = max(windows_bytes(config, n_records, [kind]) for kind in config.windows.kinds)
    return JOB_BYTES + largest * (2 if config.picks.manual else 1)
