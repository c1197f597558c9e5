from __future__ import annotations

from pathlib import Path

import numpy as np

from quakesite.demo.manual import manual_picks

from .conftest import rows_of


def station_rows(index: int, n: int = 6) -> list[dict[str, object]]:
    return [
        {
            "record_id": f"{j:014d}_{9001 + index}",
            "expected": "too_far" if j == 5 else "record",
            "below_25_db": j == 0,
            "p_time_s": 20.0,
            "s_time_s": 30.0,
        }
        for j in range(n)
    ]


def test_a_fifth_of_the_records_is_picked_and_nearly_every_station() -> None:
    picks = [manual_picks(0, index, station_rows(index)) for index in range(60)]
    records = {str(pick["record_id"]) for station in picks for pick in station}
    assert 0.15 <= len(records) / 360 <= 0.25
    assert sum(bool(station) for station in picks) == 54


def test_errors_are_those_of_an_expert() -> None:
    picks = [pick for index in range(900) for pick in manual_picks(0, index, station_rows(index))]
    p = np.array([float(str(pick["time_s"])) - 20.0 for pick in picks if pick["phase"] == "P"])
    s = np.array([float(str(pick["time_s"])) - 30.0 for pick in picks if pick["phase"] == "S"])
    assert abs(p.mean()) < 0.01
    assert abs(s.mean()) < 0.02
    np.testing.assert_allclose([p.std(), s.std()], [0.05, 0.12], rtol=0.1)


def test_refused_records_are_never_picked_and_clear_ones_first() -> None:
    picked = {str(pick["record_id"])[:14] for i in range(300) for pick in manual_picks(0, i, station_rows(i))}
    assert picked == {f"{j:014d}" for j in range(1, 5)}


def test_the_file_has_p_and_s_of_records_of_the_archive(
    archive: Path, truth: list[dict[str, object]]
) -> None:
    rows = rows_of(archive / "manual_picks.csv")
    assert list(rows[0]) == ["record_id", "phase", "time_s", "analyst", "uncertainty_class", "comment"]
    by_record: dict[object, list[object]] = {}
    for row in rows:
        by_record.setdefault(row["record_id"], []).append(row["phase"])
    assert set(by_record) <= {row["record_id"] for row in truth if row["expected"] == "record"}
    assert all(phases == ["P", "S"] for phases in by_record.values())
