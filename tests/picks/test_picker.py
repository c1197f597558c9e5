"""EQTransformer on real records and on made-up ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quakesite.picks.picked import Arrival, Picked, candidates_table, picked
from quakesite.picks.picker import pick, picked_from
from quakesite.picks.probabilities import Annotation
from quakesite.picks.settings import PicksSettings
from quakesite.records.reading import read
from quakesite.records.record import Record


def picks_of(records: list[Record], model: Any, **settings: Any) -> list[Picked]:
    return list(pick(records, model, PicksSettings(**settings)))


def test_every_samos_record_gets_p_and_s(shared_data: Path, model: Any) -> None:
    files = sorted((shared_data / "tadas").glob("GuestUser_RawAcc_*"))
    records = [record for file in files for record in read(file)]
    assert len(records) == 8
    for one in picks_of(records, model):
        assert one.p is not None
        assert one.s is not None
        assert one.flags == ()


def test_picked_mat_records_are_met(shared_data: Path, model: Any) -> None:
    records = [record for record in read(shared_data / "afad1218") if record.author_p_s is not None]
    assert len(records) == 11
    late: dict[str, list[float]] = {"P": [], "S": []}
    for record, one in zip(records, picks_of(records, model), strict=True):
        assert one.p is not None
        assert one.s is not None
        assert record.author_p_s is not None
        assert record.author_s_s is not None
        late["P"].append(abs(one.p.time_s - record.author_p_s))
        late["S"].append(abs(one.s.time_s - record.author_s_s))
    assert np.median(late["P"]) <= 0.15
    assert np.median(late["S"]) <= 0.12


def test_record_shorter_than_sixty_seconds_is_padded_and_still_picked(model: Any, make_record: Any) -> None:
    (one,) = picks_of([make_record(duration_s=35.0, p_s=12.0, s_s=20.0)], model)
    assert one.p is not None
    assert one.s is not None
    assert one.p.time_s == pytest.approx(12.0, abs=0.2)
    assert one.s.time_s == pytest.approx(20.0, abs=0.3)


def test_arrivals_in_the_first_and_last_five_seconds_are_picked(model: Any, make_record: Any) -> None:
    (early,) = picks_of([make_record(duration_s=80.0, p_s=2.5, s_s=11.0)], model)
    assert early.p is not None
    assert early.p.time_s == pytest.approx(2.5, abs=0.2)
    assert "p_in_first_5s" in early.flags
    (late,) = picks_of([make_record(duration_s=80.0, p_s=65.0, s_s=77.0)], model)
    assert late.s is not None
    assert late.s.time_s == pytest.approx(77.0, abs=0.3)


@pytest.mark.parametrize("rate_hz", [50.0, 200.0])
def test_other_rates_give_the_same_times(model: Any, make_record: Any, rate_hz: float) -> None:
    (one,) = picks_of([make_record(rate_hz=rate_hz, p_s=20.0, s_s=30.0)], model)
    assert one.p is not None
    assert one.s is not None
    assert one.p.time_s == pytest.approx(20.0, abs=0.2)
    assert one.s.time_s == pytest.approx(30.0, abs=0.3)


@pytest.mark.parametrize(("in_padding", "flags"), [(0.9, ("dropped_in_padding",)), (0.4, ())])
def test_pick_in_the_padding_is_dropped_and_leaves_its_trace(
    make_record: Any, in_padding: float, flags: tuple[str, ...]
) -> None:
    record = make_record(duration_s=80.0)
    stacked = np.zeros((12_000, 2), np.float32)
    for time_s, column, height in ((-3.0, 0, in_padding), (20.0, 0, 0.6), (30.0, 1, 0.5), (81.0, 1, 0.3)):
        row = round((time_s + 15) * 100)
        stacked[row - 5 : row + 6, column] = (
            height * np.concatenate([np.arange(1, 7), np.arange(5, 0, -1)]) / 6
        )
    annotation = Annotation(record, stacked, stacked, -15.0, 100.0)
    one = picked_from(annotation, {"P": 0, "S": 1}, PicksSettings())
    assert one.p == Arrival(20.0, pytest.approx(0.6))
    assert one.flags == flags
    assert [(phase, rival.time_s) for phase, rival in one.rivals] == [("P", -3.0), ("S", 81.0)]
    table = candidates_table([one], "eqtransformer").to_pylist()
    assert [row["time_s"] for row in table if not row["chosen"]] == [-3.0, 81.0]


def test_noise_has_no_pick_but_a_strongest_detection(model: Any, make_record: Any) -> None:
    (one,) = picks_of([make_record(p_s=None, s_s=None)], model)
    assert one.p is None
    assert one.s is None
    assert one.snr_db is None
    (detection,) = [rival for phase, rival in one.rivals if phase == "detection"]
    assert detection.probability < 0.5


def test_timing_classify_gives_the_peak_of_the_largest_probability(model: Any, make_record: Any) -> None:
    record = make_record(p_s=20.3, s_s=30.3)
    (settled,) = picks_of([record], model)
    (classic,) = picks_of([record], model, timing="classify")
    assert settled.p is not None
    assert classic.p is not None
    assert settled.p.probability == classic.p.probability
    assert settled.p.time_s != classic.p.time_s
    assert abs(settled.p.time_s - classic.p.time_s) <= 0.75


def test_threshold_of_each_phase_is_its_own(model: Any, make_record: Any) -> None:
    (one,) = picks_of([make_record()], model, p_threshold=0.999)
    assert one.p is None
    assert one.s is not None


def test_plainly_wrong_author_picks_are_flagged_and_the_others_are_not(shared_data: Path) -> None:
    found: dict[str, tuple[str, ...]] = {}
    for record in read(shared_data / "afad1218"):
        if record.author_p_s is not None and record.author_s_s is not None:
            author = picked(record, Arrival(record.author_p_s), Arrival(record.author_s_s))
            found[record.record_id] = author.flags
    assert len(found) == 11
    assert {name: flags for name, flags in found.items() if flags} == {
        "20120114055233_5801": ("sp_implausible",),  # S-P of 0.2 s at 29 km
        "20170802040246_4806": ("sp_implausible", "p_in_first_5s"),  # P at 0.08 s
    }
