"""One window: where it stands, how it is filled, and its fourth channel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quakesite.records.record import Record
from quakesite.rejects import Reason
from quakesite.windows.cutting import RecordPicks, Refused, cut, pga_time_s, ps_channel
from quakesite.windows.processing import tapered
from quakesite.windows.settings import Window

PGA60 = Window(anchor="pga", length_s=60)
P15 = Window(anchor="p", length_s=15)
times = st.floats(-1e4, 1e4)


@hypothesis_settings(deadline=None)
@given(n=st.integers(1, 400), p=times, s=times)
def test_fourth_channel_is_one_from_p_to_s_and_zero_elsewhere(n: int, p: float, s: float) -> None:
    channel = ps_channel(n, p, s)
    first, last = int(np.floor(p + 0.5)), int(np.floor(s + 0.5))
    expected = [1.0 if first <= sample <= last else 0.0 for sample in range(n)]
    assert channel.tolist() == expected
    assert channel.dtype == np.float32


@hypothesis_settings(deadline=None)
@given(n=st.integers(1, 400), time=times)
def test_fourth_channel_is_zero_unless_both_phases_are_picked(n: int, time: float) -> None:
    for picks in ((time, None), (None, time), (None, None)):
        assert not ps_channel(n, *picks).any()


@hypothesis_settings(deadline=None)
@given(data=st.data())
def test_window_is_the_record_around_its_anchor_and_counts_what_is_outside(data: st.DataObject) -> None:
    n = data.draw(st.integers(30, 400), "samples")
    peak = data.draw(st.integers(0, n - 1), "peak")
    length = data.draw(st.integers(2, 300), "length")
    kind = Window(anchor="pga", length_s=length / 100, fill="zero")
    samples = np.random.default_rng(n).standard_normal((3, n)).astype(np.float32)
    samples[:, peak] = 50
    got = cut(_record(samples), RecordPicks(), kind, 100.0)
    start = peak - round(length / 2)
    for offset in range(length):
        inside = 0 <= start + offset < n
        expected = samples[:, start + offset] if inside else np.zeros(3, np.float32)
        assert got.tensor[:3, offset].tobytes() == expected.tobytes()
    assert got.filled_samples == sum(not 0 <= start + offset < n for offset in range(length))
    assert got.start_s == pytest.approx(start / 100)


def _record(samples: np.ndarray, rate_hz: float = 100.0) -> Record:
    empty = dict.fromkeys(Record.__dataclass_fields__)
    return Record(**empty | {"acceleration": samples.astype(np.float64), "sampling_rate_hz": rate_hz})


def test_pga_is_the_largest_vector_not_the_largest_value_of_a_component() -> None:
    samples = np.zeros((3, 100))
    samples[0, 20] = 10
    samples[:, 60] = -7
    assert pga_time_s(samples, 100.0) == 0.6


def test_pga60_has_pga_in_its_middle_sample(make_record: Callable[..., Record]) -> None:
    window = cut(make_record(n_samples=20_000), RecordPicks(), PGA60, 100.0)
    assert window.tensor.shape == (4, 6000)
    amplitude = np.linalg.norm(window.tensor[:3], axis=0)
    whole = np.linalg.norm(make_record(n_samples=20_000).acceleration, axis=0)
    assert amplitude[3000] == pytest.approx(whole.max())


def test_p15_has_p_in_its_middle_sample(make_record: Callable[..., Record]) -> None:
    window = cut(make_record(), RecordPicks(p_s=30.004, s_s=33.0), P15, 100.0)
    assert window.tensor.shape == (4, 1500)
    assert window.p_sample == pytest.approx(750.4)
    assert window.s_sample == pytest.approx(1050)
    assert np.flatnonzero(window.tensor[3]).tolist() == list(range(750, 1051))


def test_record_at_200_hz_is_resampled_and_its_picks_stay_in_place(
    make_record: Callable[..., Record],
) -> None:
    record = make_record(n_samples=18_000, rate_hz=200.0)
    window = cut(record, RecordPicks(p_s=40.0, s_s=45.0), PGA60, 100.0)
    assert window.p_sample is not None
    assert window.start_s + window.p_sample / 100 == pytest.approx(40.0)
    assert abs(window.start_s + 30 - pga_time_s(record.acceleration, 200.0)) <= 0.005 + 1e-9


def test_s_pick_can_place_a_window_anywhere_in_it(make_record: Callable[..., Record]) -> None:
    kind = Window(anchor="s", length_s=10, anchor_at=0.1)
    assert cut(make_record(), RecordPicks(s_s=50.0), kind, 100.0).start_s == pytest.approx(49.0)
    with pytest.raises(Refused) as refused:
        cut(make_record(), RecordPicks(p_s=50.0), kind, 100.0)
    assert refused.value.reason is Reason.NO_S_PICK


def test_p15_without_p_is_refused(make_record: Callable[..., Record]) -> None:
    with pytest.raises(Refused) as refused:
        cut(make_record(), RecordPicks(s_s=50.0), P15, 100.0)
    assert refused.value.reason is Reason.NO_P_PICK


@pytest.mark.parametrize("fill", ["zero", "taper", "reject"])
def test_window_that_leaves_the_record_follows_the_rule(
    make_record: Callable[..., Record], fill: str
) -> None:
    record = make_record(n_samples=3000)
    kind = Window(anchor="p", length_s=15, fill=fill)
    picks = RecordPicks(p_s=2.5)
    if fill == "reject":
        with pytest.raises(Refused, match="500 of the window's 1500 samples") as refused:
            cut(record, picks, kind, 100.0)
        assert refused.value.reason is Reason.WINDOW_LEAVES_RECORD
        return
    window = cut(record, picks, kind, 100.0)
    assert window.filled_samples == 500
    assert not window.tensor[:, :500].any()
    inside = record.acceleration[:, :1000]
    expected = tapered(inside, 50) if fill == "taper" else inside
    np.testing.assert_array_equal(window.tensor[:3, 500:], expected.astype(np.float32))


def test_window_wholly_outside_the_record_is_refused_whatever_the_rule(
    make_record: Callable[..., Record],
) -> None:
    with pytest.raises(Refused) as refused:
        cut(make_record(n_samples=3000), RecordPicks(p_s=500.0), P15, 100.0)
    assert refused.value.reason is Reason.WINDOW_LEAVES_RECORD


def test_odd_rate_is_refused_with_a_reason(make_record: Callable[..., Record]) -> None:
    with pytest.raises(Refused) as refused:
        cut(make_record(rate_hz=1e9 * np.pi), RecordPicks(), PGA60, 100.0)
    assert refused.value.reason is Reason.UNSUPPORTED
