"""Vs30 of each station from its records: python examples/predict_station.py RECORDS MODEL

MODEL is a folder as `results/models/beta_auto_pga`.
"""

import sys

from quakesite.models import load
from quakesite.records import read

model = load(sys.argv[2])
for one in model.predict(read(sys.argv[1])):
    print(f"{one.station}: Vs30 {one.vs30_m_s:.0f} m/s, class {one.site_class}")
    if one.low_m_s is not None:  # with too few measured stations nobody can say how far it errs
        print(f"  90 % interval: {one.low_m_s:.0f} to {one.high_m_s:.0f} m/s")
