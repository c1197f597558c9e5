"""The stations' measured Vs30, site class and surroundings, and the records made where they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakesite.errors import InputError
from quakesite.evaluation.metrics import Strings
from quakesite.evaluation.schema import FEATURES
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import read_all, read_parquet


def measured_vs30(stations: str | Path, network: str | None = None) -> dict[str, float]:
    """Returns the measured Vs30, in m/s, by station; stations without one are left out.

    Args:
        stations: table of the `STATIONS` schema.
        network: the only network wanted, e.g. TK; None for all.

    Raises:
        InputError: a Vs30 is not a number above 0.
    """
    table = read_parquet(stations, STATIONS, columns=["station", "network", "vs30_m_s"])
    if network is not None:
        table = table.filter(pc.equal(table["network"], network))
    table = one_per_code(table)
    pairs = zip(table["station"].to_pylist(), table["vs30_m_s"].to_pylist(), strict=True)
    measured = {station: value for station, value in pairs if value is not None}
    for station, value in measured.items():
        if not 0.0 < value < math.inf:
            raise InputError(
                stations, f"{value:g}", field=f"Vs30 of station {station}", expected="m/s above 0, or nothing"
            )
    return measured


def listed_vs30(stations: str | Path, network: str | None = None) -> dict[str, float]:
    """Returns the Vs30, in m/s by network and code, of a station list (.xlsx or .csv, see `stations.tables`).

    Raises:
        InputError: it is no station list.
    """
    from quakesite.stations.tables import read_table

    statements, _ = read_table(stations)
    return {
        f"{one.network} {one.station}": one.vs30_m_s
        for one in statements
        if one.vs30_m_s is not None and network in (None, one.network)
    }


def classes_of(station: Strings, vs30: dict[str, float]) -> Strings:
    """Returns the NEHRP site class of each of `station`."""
    return np.array([site_class(vs30[name]) for name in station.tolist()], dtype="U1")


def site_table(stations: str | Path) -> pa.Table:
    """Returns station, elevation and slope of each station code, from a table of the `STATIONS` schema."""
    return one_per_code(read_parquet(stations, STATIONS, columns=["station", "elevation_m", "slope"]))


def ground_of(stations: str | Path) -> dict[str, tuple[str | None, str | None]]:
    """Returns geology and lithology by station code, as the maps name them; None where not known."""
    columns = ["station", "geology", "lithology"]
    table = one_per_code(read_parquet(stations, STATIONS, columns=columns))
    names, *maps = (table[name].to_pylist() for name in columns)
    return dict(zip(names, zip(*maps, strict=True), strict=True))


def features_of_sites(features: Sequence[str | Path], stations: str | Path) -> pa.Table:
    """Returns `FEATURES` rows without the records made where their station stood before.

    The measured Vs30 is not that of the place where they were made; the networks leave them out as well.
    """
    from quakesite.stations.moved import records_before_move

    table = read_all(features, FEATURES)
    moved = pa.array(sorted(records_before_move(stations)), pa.string())
    return table.filter(pc.invert(pc.is_in(table["record_id"], moved)))
