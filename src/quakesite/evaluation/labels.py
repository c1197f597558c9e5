"""The stations' measured Vs30 and site class, as the tables read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from quakesite.evaluation.metrics import Strings
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import read_parquet


def measured_vs30(stations: str | Path, network: str | None = None) -> dict[str, float]:
    """Returns the measured Vs30, in m/s, by station; stations without one are left out.

    Args:
        stations: table of the `STATIONS` schema.
        network: the only network wanted, e.g. TK; None for all.
    """
    table = read_parquet(stations, STATIONS, columns=["station", "network", "vs30_m_s"])
    if network is not None:
        table = table.filter(pc.equal(table["network"], network))
    table = one_per_code(table)
    pairs = zip(table["station"].to_pylist(), table["vs30_m_s"].to_pylist(), strict=True)
    return {station: value for station, value in pairs if value is not None}


def classes_of(station: Strings, vs30: dict[str, float]) -> Strings:
    """Returns the NEHRP site class of each of `station`."""
    return np.array([site_class(vs30[name]) for name in station.tolist()], dtype="U1")
