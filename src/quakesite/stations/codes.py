"""Stations by their code alone, as records and windows name them."""

from __future__ import annotations

import pyarrow as pa


def one_per_code(stations: pa.Table) -> pa.Table:
    """Returns the rows of a `STATIONS` table, the first of each code only.

    Where two networks use one code, the join writes first the network that the code's records belong to.
    """
    seen: set[str] = set()
    first = []
    for place, code in enumerate(stations["station"].to_pylist()):
        if code not in seen:
            seen.add(code)
            first.append(place)
    return stations.take(pa.array(first, pa.int64()))
