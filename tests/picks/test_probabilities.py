"""EQTransformer over many records, held against SeisBench's own `annotate` and `classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest

from quakesite.picks.candidates import Clock, candidates
from quakesite.picks.probabilities import Annotator, Input, padded
from quakesite.records.reading import read
from quakesite.records.record import Record

STRIDE_S = 11.37
BLIND_S = 5.0


def stream_of(record: Record, before: int = 0, behind: int = 0) -> obspy.Stream:
    """The record as SeisBench takes it, padded before and behind."""
    samples = record.acceleration
    if before or behind:
        samples = padded(samples, before, behind, record.sampling_rate_hz)
    header = {"sampling_rate": record.sampling_rate_hz, "network": "TK", "station": record.station}
    return obspy.Stream(
        [
            obspy.Trace(row.copy(), header | {"channel": f"HN{c}"})
            for row, c in zip(samples, "ENZ", strict=True)
        ]
    )


def annotator(model: Any, **settings: Any) -> Annotator:
    return Annotator(model, **{"stride_s": STRIDE_S, "batch_size": 16, "padding_s": 15.0} | settings)


def inputs(records: list[Record]) -> list[Input[str]]:
    return [Input(one.record_id, one.acceleration, one.sampling_rate_hz) for one in records]


@pytest.fixture(scope="module")
def records(make_record: Any) -> list[Record]:
    return [
        make_record("20200101000000_1", duration_s=90.0),
        make_record("20200101000000_2", duration_s=75.5, rate_hz=200.0, offset=3.0),
        make_record("20200101000000_3", duration_s=121.3, p_s=60.0, s_s=75.0),
    ]


def compare_with_classify(model: Any, plain: Any, records: list[Record], padding_s: float) -> int:
    """Asserts the same picks within one sample, and returns how many there were."""
    ours = annotator(model, padding_s=padding_s)
    found = 0
    for record, annotation in zip(records, ours.annotate(inputs(records)), strict=True):
        before, behind = ours.padding(record.n_samples, record.sampling_rate_hz)
        picks = plain.classify(
            stream_of(record, before, behind),
            overlap=ours.length - ours.stride,
            P_threshold=0.3,
            S_threshold=0.1,
        ).picks
        start = obspy.UTCDateTime(0) + before / record.sampling_rate_hz
        for column, phase, threshold in ((1, "P", 0.3), (2, "S", 0.1)):
            clock = Clock(annotation.first_s, annotation.rate_hz, record.duration_s)
            mine = [one.time_s for one in candidates(annotation.stacked[:, column], threshold, clock)]
            mine = [time for time in mine if clock.holds(time)]
            theirs = [one.peak_time - start for one in picks if one.phase == phase]
            theirs = [time for time in theirs if 0 <= round(time, 6) <= record.duration_s]
            assert mine == pytest.approx(theirs, abs=0.01 + 1e-6)
            found += len(mine)
    return found


@pytest.mark.parametrize("padding_s", [0.0, 15.0])
def test_picks_are_those_of_classify_within_one_sample(
    model: Any, plain_model: Any, records: list[Record], padding_s: float
) -> None:
    assert compare_with_classify(model, plain_model, records, padding_s) >= 5


def test_padded_real_records_have_the_picks_of_classify(
    shared_data: Path, model: Any, plain_model: Any
) -> None:
    real = [record for record in read(shared_data / "afad1218") if record.duration_s > 60][:3]
    assert compare_with_classify(model, plain_model, real, 15.0) >= 6


def test_probabilities_are_those_of_annotate(model: Any, plain_model: Any, records: list[Record]) -> None:
    ours = annotator(model, padding_s=0.0)
    (annotation,) = ours.annotate(inputs(records[:1]))
    theirs = plain_model.annotate(stream_of(records[0]), overlap=ours.length - ours.stride)
    for column, label in enumerate(model.labels):
        (trace,) = theirs.select(channel=f"EQTransformer_{label}")
        start = round(BLIND_S * 100)
        np.testing.assert_allclose(
            annotation.stacked[start : start + trace.stats.npts, column], trace.data, atol=1e-5
        )
        assert trace.stats.npts == records[0].n_samples - 2 * start


def test_padding_is_the_first_and_last_second_mirrored() -> None:
    samples = np.arange(500.0)[None, :]
    mean = samples.mean()
    longer = padded(samples, 250, 150, 100.0) + mean
    assert longer.shape == (1, 900)
    np.testing.assert_array_equal(longer[0, 250:750], samples[0])
    np.testing.assert_array_equal(longer[0, 150:250], samples[0, 99::-1])
    np.testing.assert_array_equal(longer[0, 50:150], samples[0, :100])
    np.testing.assert_array_equal(longer[0, 750:850], samples[0, :399:-1])
    np.testing.assert_array_equal(longer[0, 850:900], samples[0, 400:450])


def test_no_sample_of_a_padded_record_is_blind(model: Any, make_record: Any) -> None:
    records = [make_record(duration_s=duration_s) for duration_s in (3.0, 31.0, 59.99, 60.0, 100.0)]
    for record, annotation in zip(records, annotator(model).annotate(inputs(records)), strict=True):
        first = round(-annotation.first_s * annotation.rate_hz)
        inside = annotation.stacked[first : first + record.n_samples]
        assert inside.shape[0] == record.n_samples
        assert not np.isnan(inside).any()


def test_start_of_every_padded_record_is_seen_early_and_late_in_a_window(model: Any) -> None:
    ours = annotator(model)
    for duration_s in (5.0, 30.0, 55.0, 60.0, 90.0):
        n_samples = round(duration_s * 100)
        before, behind = ours.padding(n_samples, 100.0)
        starts = np.array(ours.offsets(before + n_samples + behind)) - before
        assert starts.min() == -1500
        assert starts.max() >= -500
        assert starts.max() >= n_samples - 3000


def test_short_record_without_padding_is_not_annotated(model: Any, make_record: Any) -> None:
    (annotation,) = annotator(model, padding_s=0.0).annotate(inputs([make_record(duration_s=59.99)]))
    assert np.isnan(annotation.stacked).all()


def test_records_come_in_order_and_do_not_depend_on_the_batch(model: Any, records: list[Record]) -> None:
    alone = [next(annotator(model).annotate(inputs([one]))) for one in records]
    together = list(annotator(model, batch_size=7).annotate(inputs(records)))
    assert [one.record for one in together] == [one.record_id for one in records]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one.stacked, other.stacked, atol=1e-5)
        np.testing.assert_allclose(one.settled, other.settled, atol=1e-5)


def test_at_most_a_batch_and_a_record_are_held(model: Any, make_record: Any) -> None:
    record = make_record(duration_s=60.0)
    pulled = 0

    def counted() -> Any:
        nonlocal pulled
        for index in range(40):
            pulled += 1
            yield Input(str(index), record.acceleration, 100.0)

    stream = annotator(model, batch_size=4).annotate(counted())
    assert next(stream).record == "0"
    assert pulled <= 4


def test_settled_times_do_not_pile_up_on_whole_seconds_of_the_window(model: Any, make_record: Any) -> None:
    """The classic time jumps with the window; the settled one stays with the arrival."""
    errors: dict[str, list[float]] = {"stacked": [], "settled": []}
    ours = annotator(model, stride_s=7.37)
    for shift in np.arange(0.0, 1.0, 0.2):
        record = make_record(p_s=20.0 + shift, s_s=30.0 + shift)
        (annotation,) = ours.annotate(inputs([record]))
        clock = Clock(annotation.first_s, annotation.rate_hz, record.duration_s)
        near = slice(clock.row(19.0 + shift), clock.row(21.0 + shift))
        for name, errors_of in errors.items():
            peak = clock.time_s(near.start + int(np.argmax(getattr(annotation, name)[near, 1])))
            errors_of.append(abs(peak - 20.0 - shift))
    assert max(errors["settled"]) <= 0.15
    assert np.mean(errors["settled"]) < np.mean(errors["stacked"])
