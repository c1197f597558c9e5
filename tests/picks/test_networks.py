"""SeisBench's other pickers: their weights on disk, and the same picks as their own `classify`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.picks import device, origins
from quakesite.picks.candidates import Clock, candidates
from quakesite.picks.command import app
from quakesite.picks.networks import NETWORKS
from quakesite.picks.origins import get_weights
from quakesite.picks.picker import pick
from quakesite.picks.probabilities import Annotator, Input, padded
from quakesite.picks.settings import PicksSettings
from quakesite.picks.weights import load_network
from quakesite.records.record import Record
from quakesite.records.store import write_records

STRIDE_S = 7.37
LOW = 0.02
"""A threshold that a network with random weights passes now and then."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like SeisBench's cache, with weights of every network that nobody has trained."""
    import seisbench.models

    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("cache")
    for network in NETWORKS.values():
        model = getattr(seisbench.models, network.seisbench)()
        place = folder / network.seisbench.lower()
        place.mkdir()
        model.default_args = {"overlap": 1234, "P_threshold": 0.5}
        if network.seisbench == "PhaseNet":
            model.default_args["blinding"] = (250, 250)
        model.save(place / "untrained", version_str="2")
    return folder


@pytest.fixture(scope="module")
def weights(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The weights of a network as the workflow keeps them."""
    folder = tmp_path_factory.mktemp("weights")

    def of(network: str) -> Path:
        target = folder / f"{network}.safetensors"
        if not target.exists():
            get_weights(str(cache / NETWORKS[network].seisbench.lower()), target, network)
        return target

    return of


@pytest.mark.parametrize("network", NETWORKS)
def test_network_gives_what_its_own_annotate_gives(
    network: str, weights: Callable[[str], Path], make_record: Callable[..., Record]
) -> None:
    model = load_network(weights(network))
    records = [make_record(duration_s=70.0), make_record(duration_s=9.0, rate_hz=200.0, p_s=3.0, s_s=5.0)]
    ours = Annotator(model, stride_s=STRIDE_S, batch_size=4, padding_s=15.0)
    found = list(
        ours.annotate([Input(one.record_id, one.acceleration, one.sampling_rate_hz) for one in records])
    )
    for record, annotation in zip(records, found, strict=True):
        samples = padded(
            record.acceleration,
            *ours.padding(record.n_samples, record.sampling_rate_hz),
            record.sampling_rate_hz,
        )
        header = {"sampling_rate": record.sampling_rate_hz, "station": "X"}
        stream = obspy.Stream(
            [obspy.Trace(row, header | {"channel": f"HN{c}"}) for row, c in zip(samples, "ENZ", strict=True)]
        )
        theirs = model.annotate(stream, overlap=ours.length - ours.stride)
        for column, label in enumerate(ours.labels):
            (trace,) = theirs.select(channel=f"*_{label}")
            first = round((trace.stats.starttime - obspy.UTCDateTime(0)) * ours.rate_hz)
            rows = slice(first, first + trace.stats.npts)
            np.testing.assert_allclose(annotation.stacked[rows, column], trace.data, atol=1e-5)


@pytest.mark.parametrize("network", ["phasenet", "obstransformer"])
def test_picks_of_a_network_are_those_of_its_classify(
    network: str, weights: Callable[[str], Path], make_record: Callable[..., Record]
) -> None:
    model = load_network(weights(network))
    record = make_record(duration_s=75.0)
    samples = record.acceleration
    (annotation,) = Annotator(model, stride_s=STRIDE_S, batch_size=8, padding_s=0.0).annotate(
        [Input(record, samples, record.sampling_rate_hz)]
    )
    probability = annotation.stacked[:, list(model.labels).index("P")]
    threshold = float(np.nanquantile(probability, 0.98))
    stream = obspy.Stream(
        [
            obspy.Trace(row, {"sampling_rate": 100.0, "channel": f"HN{c}"})
            for row, c in zip(samples, "ENZ", strict=True)
        ]
    )
    stride = round(STRIDE_S * 100)
    picks = model.classify(stream, overlap=model.in_samples - stride, P_threshold=threshold).picks
    theirs = [one.peak_time - obspy.UTCDateTime(0) for one in picks if one.phase == "P"]
    clock = Clock(annotation.first_s, annotation.rate_hz, record.duration_s)
    mine = [one.time_s for one in candidates(probability, threshold, clock)]
    assert mine
    assert mine == pytest.approx(theirs, abs=0.01 + 1e-6)


def test_weights_keep_their_own_blind_margins_and_leave_the_stride_to_us(
    weights: Callable[[str], Path],
) -> None:
    model = load_network(weights("phasenet"))
    assert model.default_args == {"blinding": (250, 250)}
    assert Annotator(model, stride_s=7.37, batch_size=1, padding_s=0).blind == (250, 250)


def test_stride_is_never_longer_than_a_short_window_allows(weights: Callable[[str], Path]) -> None:
    model = load_network(weights("phasenet"))
    assert Annotator(model, stride_s=20.37, batch_size=1, padding_s=0).stride == 1350


def test_pretrained_weights_are_found_by_name_in_the_cache(
    cache: Path, weights: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import seisbench

    monkeypatch.setattr(seisbench, "cache_model_root", cache)
    target = tmp_path / "phasenet.safetensors"
    assert get_weights("untrained", target, "phasenet") == sha256_of(target)
    assert target.read_bytes() == weights("phasenet").read_bytes()


def test_weights_that_are_nowhere_say_where_was_looked(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import seisbench

    def silent(network: str, name: str) -> None:
        raise origins.NotHere(f"no answer about {name} of {network}")

    monkeypatch.setattr(seisbench, "cache_model_root", cache)
    monkeypatch.setattr(origins, "from_hub", silent)
    with pytest.raises(InputError, match=r"PhaseNet's weights original.*empty.*no answer.*picks\.weights"):
        get_weights("auto", tmp_path / "a.safetensors", "phasenet")
    with pytest.raises(InputError, match=r"no usual weights of Skynet.*\{skynet: "):
        get_weights("auto", tmp_path / "a.safetensors", "skynet")


def test_folder_with_several_weights_wants_the_file_named(cache: Path, tmp_path: Path) -> None:
    for name in ("one.pt", "two.pt.v1"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"one, two.*name the \.pt file"):
        get_weights(str(tmp_path), tmp_path / "a.safetensors", "phasenet")


def test_shard_is_picked_by_a_network_named_in_the_configuration(
    weights: Callable[[str], Path], make_record: Callable[..., Record], tmp_path: Path
) -> None:
    write_records([make_record("20200101000000_0001", duration_s=40.0)], tmp_path / "0-of-1.parquet")
    settings = PicksSettings(methods=["phasenet"], p_threshold=LOW, s_threshold=LOW)
    arguments = ["shard", tmp_path / "0-of-1.parquet", "--method", "phasenet"]
    arguments += ["--settings", settings.model_dump_json(), "--out", tmp_path / "picks.parquet"]
    arguments += ["--rejects", tmp_path / "rejects.parquet", "--candidates", tmp_path / "candidates.parquet"]
    given = [*map(str, arguments), "--weights"]
    done = CliRunner().invoke(app, [*given, str(weights("phasenet"))], catch_exceptions=False)
    assert done.exit_code == 0
    picks = pq.read_table(tmp_path / "picks.parquet")
    assert set(picks["method"].to_pylist()) == {"phasenet"}
    assert set(picks["weights_sha256"].to_pylist()) == {sha256_of(weights("phasenet"))}
    with pytest.raises(InputError, match=r"weights of EQTransformer.*weights of PhaseNet"):
        CliRunner().invoke(app, [*given, str(weights("eqtransformer"))], catch_exceptions=False)


def test_only_eqtransformer_is_timed_by_late_windows(
    weights: Callable[[str], Path], make_record: Callable[..., Record]
) -> None:
    model, record = load_network(weights("phasenet")), make_record(duration_s=40.0)
    low = {"p_threshold": LOW, "s_threshold": LOW}
    one, other = (
        next(pick([record], model, PicksSettings(timing=timing, **low))) for timing in ("settled", "classify")
    )
    assert one.arrivals
    assert one == other


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"methods": ["eqtransformer", "phasenet"], "weights": "stead"}, "for which network"),
        ({"methods": ["phasenett"]}, "phasenet"),
        ({"weights": {"kalkan": "stead"}}, "weights"),
        ({"batch_size": "many"}, "batch_size"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        PicksSettings(**given)


def test_weights_are_one_for_the_only_network_or_each_by_name() -> None:
    assert PicksSettings(methods=["kalkan", "phasenet"], weights="stead").weights_of("phasenet") == "stead"
    both = PicksSettings(methods=["eqtransformer", "phasenet"], weights={"phasenet": "stead"})
    assert (both.weights_of("eqtransformer"), both.weights_of("phasenet")) == ("auto", "stead")
    assert json.loads(both.model_dump_json())["weights"] == {"phasenet": "stead"}


class Card:
    """A graphics card with so much memory, of which each window takes the same."""

    def __init__(self, free: int, per_window: int) -> None:
        self.free, self.per_window, self.resets = free, per_window, 0

    def reset_peak_memory_stats(self) -> None:
        self.resets += 1

    def memory_allocated(self) -> int:
        return 1000

    def max_memory_allocated(self) -> int:
        return 1000 + device.TRIAL_BATCH * self.per_window

    def mem_get_info(self) -> tuple[int, int]:
        return self.free, 2 * self.free


@pytest.mark.parametrize(
    ("free", "expected"), [(100_000, 32), (107_000, 64), (10**9, device.LARGEST_BATCH), (10, 1)]
)
def test_batch_is_what_the_free_memory_holds(
    free: int, expected: int, weights: Callable[[str], Path]
) -> None:
    assert device.batch_that_fits(load_network(weights("phasenet")), Card(free, 1000)) == expected


def test_batch_that_is_too_large_goes_through_in_halves(
    weights: Callable[[str], Path], make_record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, record = load_network(weights("phasenet")), make_record(duration_s=90.0)

    def annotated(batch_size: int) -> np.ndarray:
        ours = Annotator(model, stride_s=2.03, batch_size=batch_size, padding_s=15.0)
        (one,) = ours.annotate([Input(record, record.acceleration, 100.0)])
        return one.stacked

    expected = annotated(8)
    sizes: list[int] = []
    forward = model.forward

    def small(batch: torch.Tensor) -> torch.Tensor:
        sizes.append(len(batch))
        if len(batch) > 8:
            raise torch.OutOfMemoryError
        return forward(batch)

    monkeypatch.setattr(model, "forward", small)
    np.testing.assert_allclose(annotated(32), expected, atol=1e-6)
    assert sizes[:4] == [32, 16, 8, 8]


def test_gpu_that_is_not_there_is_one_clear_line(weights: Callable[[str], Path]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    model = load_network(weights("phasenet"))
    with pytest.raises(InputError, match=r"picks\.device.*auto or cpu"):
        device.on_device(model, "cuda")
    assert device.on_device(model, "auto").device.type == "cpu"
    assert device.batch_size_for(model) == device.BATCH_ON_CPU
