"""A pick method in one file: P where the short-term average of the vertical outgrows the long-term one.

STA/LTA on a recursive average (Withers et al. 1998, Bull. Seism. Soc. Am. 88, 95-106); S is not picked.
In the configuration: `picks: {methods: [eqtransformer, examples/pick_method.py]}`. Nothing else is to be
changed: the method is called `pick_method` in paths and tables; `results/agreement.csv` compares it.
"""

import numpy as np
from obspy.signal.trigger import recursive_sta_lta

SHORT_S, LONG_S, RATIO = 0.5, 10.0, 4.0
VERTICAL = 2


def pick(record):
    """Returns P and S in seconds from the record's first sample, each a number or None."""
    rate_hz = record.sampling_rate_hz
    if record.duration_s <= LONG_S:
        return None, None
    vertical = record.acceleration[VERTICAL] - record.acceleration[VERTICAL].mean()
    ratio = recursive_sta_lta(vertical, round(SHORT_S * rate_hz), round(LONG_S * rate_hz))
    above = np.flatnonzero(ratio > RATIO)
    return (float(above[0] / rate_hz), None) if above.size else (None, None)
