"""The published weights give the published numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from quakesite.errors import InputError
from quakesite.models import load_published
from quakesite.models.cnn_lstm import CnnLstm
from quakesite.models.published import KEYS


@pytest.fixture
def weights(shared_data: Path) -> Path:
    return shared_data / "published/pwave_state_dict.pt"


@pytest.fixture
def theirs(weights: Path) -> dict[str, Tensor]:
    state: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)
    return state


def loud() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 4, 6000, generator=generator) * 300


def around_pga(path: Path) -> Tensor:
    """Returns 60 s around the largest acceleration vector, zeros where the record ends, P/S left at zero."""
    import scipy.io

    quake = scipy.io.loadmat(path, squeeze_me=True, struct_as_record=False)["EQ"].anEQ
    motion = np.asarray(quake.Accel, np.float32).T[[1, 0, 2]]
    start = int(np.argmax(np.square(motion).sum(axis=0))) - 3000
    window = np.zeros((4, 6000), np.float32)
    first, last = max(start, 0), min(start + 6000, motion.shape[1])
    window[:3, first - start : last - start] = motion[:, first:last]
    return torch.from_numpy(window)


def test_loud_input_gives_the_four_published_values(weights: Path) -> None:
    with torch.no_grad():
        predicted = load_published(weights)(loud())
    assert predicted.shape == (4,)
    assert predicted.tolist() == pytest.approx([513.798, 513.921, 513.672, 513.739], abs=0.01)


def test_every_record_of_the_authors_gives_one_constant(weights: Path, shared_data: Path) -> None:
    records = sorted((shared_data / "afad1218").glob("*.mat"))
    assert len(records) > 10
    with torch.no_grad():
        predicted = load_published(weights)(torch.stack([around_pga(path) for path in records]))
    assert predicted.tolist() == pytest.approx([520.941] * len(records), abs=0.01)


@pytest.mark.parametrize("segment_samples", [100, 500])
def test_one_pass_equals_the_loop_over_segments_out_of_the_collapse(
    weights: Path,
    theirs: dict[str, Tensor],
    segment_samples: int,
    loop_network: Callable[..., nn.Module],
) -> None:
    loop = loop_network(segment_samples=segment_samples)
    loop.load_state_dict(theirs)
    with torch.no_grad():
        expected, found = loop(loud()), load_published(weights, segment_samples)(loud())
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)


def test_the_key_map_covers_the_whole_network(weights: Path, theirs: dict[str, Tensor]) -> None:
    ours = load_published(weights).state_dict()
    assert {KEYS[name] for name in theirs} == set(ours)
    assert all(torch.equal(value, ours[KEYS[name]]) for name, value in theirs.items())


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    with pytest.raises(InputError, match="cannot be read"):
        load_published(path)
    path.write_bytes(b"not a state dict")
    with pytest.raises(InputError, match="cannot be read"):
        load_published(path)
    torch.save({"fc.weight": torch.zeros(1)}, path)
    with pytest.raises(InputError, match=r"keys fc\.weight"):
        load_published(path)
    three_channels = CnnLstm(channels=3).state_dict()
    torch.save({theirs: three_channels[ours] for theirs, ours in KEYS.items()}, path)
    with pytest.raises(InputError, match="shapes"):
        load_published(path)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(CnnLstm(), path)
    with pytest.raises(InputError, match="cannot be read"):
        load_published(path)
