"""How far two methods agree."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from quakesite.picks.agreement import agreement
from quakesite.picks.schema import AGREEMENT, PICKS


def table(*picks: tuple[str, str, str, float, float | None]) -> pa.Table:
    rows = [
        {"record_id": r, "method": m, "phase": p, "time_s": t, "snr_db": snr, "flags": []}
        for r, m, p, t, snr in picks
    ]
    return pa.Table.from_pylist(rows, schema=PICKS)


def rows(picks: pa.Table, **distances: float) -> dict[tuple[str, ...], dict[str, Any]]:
    found = agreement(picks, distances or None)
    assert found.schema.equals(AGREEMENT)
    keys = ("method", "reference", "phase", "by", "bin")
    return {tuple(row[key] for key in keys): row for row in found.to_pylist()}


def test_median_mad_and_shares_are_of_method_minus_reference() -> None:
    late = (0.0, 0.1, 0.3, -0.6)
    picks = [(f"r{i}", "manual", "P", 10.0, 25.0) for i in range(4)]
    picks += [(f"r{i}", "kalkan", "P", 10.0 + late[i], 35.0) for i in range(4)]
    row = rows(table(*picks))["kalkan", "manual", "P", "all", "all"]
    assert row["n"] == 4
    assert row["median_s"] == pytest.approx(0.05)
    assert row["mad_s"] == pytest.approx(0.15)
    assert (row["within_0_1_s"], row["within_0_2_s"], row["within_0_5_s"]) == (0.5, 0.5, 0.75)


def test_picks_of_one_method_only_are_counted() -> None:
    picks = table(
        *(("a", "manual", "S", 1.0, None), ("b", "manual", "S", 1.0, None)),
        *(("b", "eqtransformer", "S", 1.0, None), ("c", "eqtransformer", "S", 1.0, None)),
        ("d", "eqtransformer", "S", 1.0, None),
    )
    found = rows(picks)
    row = found["eqtransformer", "manual", "S", "all", "all"]
    assert (row["n"], row["n_method_only"], row["n_reference_only"]) == (1, 2, 1)
    row = found["eqtransformer", "manual", "P", "all", "all"]
    assert (row["n"], row["median_s"], row["within_0_5_s"]) == (0, None, None)


def test_bins_hold_their_lower_edge_and_know_what_is_unknown() -> None:
    picks = []
    for name, snr in (("a", 9.99), ("b", 10.0), ("c", 40.0), ("d", None)):
        picks += [(name, "manual", "P", 1.0, snr), (name, "kalkan", "P", 1.0, None)]
    found = rows(table(*picks), a=20.0, b=19.9, c=500.0)
    bins = {key[3:]: row["n"] for key, row in found.items() if key[2] == "P"}
    assert bins == {
        ("all", "all"): 4,
        ("flags", "plausible"): 4,
        ("snr_db", "below 10"): 1,
        ("snr_db", "10 to 20"): 1,
        ("snr_db", "40 and more"): 1,
        ("snr_db", "unknown"): 1,
        ("distance_km", "below 20"): 1,
        ("distance_km", "20 to 50"): 1,
        ("distance_km", "120 and more"): 1,
        ("distance_km", "unknown"): 1,
    }


def test_records_with_implausible_picks_of_either_method_have_a_bin_of_their_own() -> None:
    picks = table(*((name, m, "P", 1.0, None) for name in "abc" for m in ("author", "kalkan"))).to_pylist()
    for pick in picks:
        if (pick["record_id"], pick["method"]) == ("b", "author"):
            pick["flags"] = ["sp_implausible"]
        elif pick["method"] == "kalkan":
            pick["flags"] = ["p_in_first_5s"]  # a remark, and no reason to doubt
    found = rows(pa.Table.from_pylist(picks, schema=PICKS))
    assert found["kalkan", "author", "P", "flags", "plausible"]["n"] == 2
    assert found["kalkan", "author", "P", "flags", "implausible"]["n"] == 1


def test_reference_is_the_human_one_and_every_pair_is_there() -> None:
    methods = ("eqtransformer", "kalkan", "author", "manual")
    pairs = {key[:2] for key in rows(table(*((("a", m, "P", 1.0, None)) for m in methods)))}
    assert pairs == {
        ("eqtransformer", "manual"),
        ("kalkan", "manual"),
        ("author", "manual"),
        ("eqtransformer", "author"),
        ("kalkan", "author"),
        ("kalkan", "eqtransformer"),
    }


def test_single_method_gives_an_empty_table() -> None:
    assert agreement(table(("a", "manual", "P", 1.0, None))).num_rows == 0
    assert agreement(PICKS.empty_table()).num_rows == 0
