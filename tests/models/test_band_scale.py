"""Spectra relative to those of the training windows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from quakesite.models.adapt import adapt_channels
from quakesite.models.band_scale import SMALLEST, BandScale
from quakesite.models.families import FAMILIES
from quakesite.models.network import Input
from quakesite.training.weights import read_weights, write_weights

CHANNELS, BANDS = 6, 48


def spectra(n: int, seed: int = 0) -> Tensor:
    """Returns spectra whose bands differ in mean and spread."""
    random = torch.randn(n, CHANNELS, BANDS, generator=torch.Generator().manual_seed(seed))
    return 3.0 + torch.linspace(-4, 4, BANDS) + random * torch.linspace(0.2, 2, CHANNELS)[:, None]


def of_batches(given: Tensor, sizes: list[int]) -> BandScale:
    """Returns a scale that was trained on these windows, in batches of these sizes."""
    scale = BandScale(CHANNELS, BANDS)
    for batch in given.split(sizes):
        scale(batch)
    return scale.eval()


@pytest.mark.parametrize("sizes", [[200], [64, 64, 64, 8], [1, 1, 198], [199, 1]])
def test_the_statistics_are_those_of_all_windows_seen(sizes: list[int]) -> None:
    given = spectra(200)
    scale = of_batches(given, sizes)
    assert (scale.n == 200).all()
    torch.testing.assert_close(scale.mean[0], given.mean(dim=0), rtol=1e-5, atol=1e-5)
    expected = given.var(dim=0, correction=0).mean(dim=1).sqrt()
    torch.testing.assert_close(scale.std.flatten(), expected, rtol=1e-5, atol=1e-6)


def test_training_windows_come_out_about_zero_with_one_size_for_each_channel() -> None:
    given = spectra(200)
    scaled = of_batches(given, [64, 136])(given)
    torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(CHANNELS, BANDS), rtol=0, atol=1e-5)
    size = scaled.square().mean(dim=(0, 2)).sqrt()
    torch.testing.assert_close(size, torch.ones(CHANNELS), rtol=1e-4, atol=1e-4)


def test_training_scales_as_evaluation_does() -> None:
    scale = BandScale(CHANNELS, BANDS)
    scale(spectra(50))
    batch = spectra(8, seed=1)
    trained = scale(batch)
    assert torch.equal(trained, scale.eval()(batch))


def test_evaluation_does_not_change_the_statistics() -> None:
    scale = of_batches(spectra(20), [20])
    before = {name: value.clone() for name, value in scale.state_dict().items()}
    scale(100.0 + spectra(20, seed=1))
    assert all(torch.equal(value, before[name]) for name, value in scale.state_dict().items())


def test_a_single_window_comes_out_as_zeros_and_the_next_is_not_blown_up() -> None:
    scale = BandScale(CHANNELS, BANDS)
    first, second = spectra(2).split(1)
    assert scale(first).abs().max() == 0
    torch.testing.assert_close(scale.eval()(second), second - first)


def test_windows_that_are_all_alike_are_not_divided_by_nothing() -> None:
    scale = of_batches(spectra(1).expand(4, -1, -1), [2, 2])
    assert (scale.std == SMALLEST).all()


def test_what_was_never_trained_passes_spectra_as_they_are() -> None:
    given = spectra(3)
    assert torch.equal(BandScale(CHANNELS, BANDS).eval()(given), given)


def test_channels_of_zeros_are_not_counted_and_stay_zeros() -> None:
    given = spectra(100)
    given[::3, 3:] = 0.0
    scale = of_batches(given, [64, 36])
    there = given[given[:, 3].ne(0).any(dim=1)]
    assert scale.n[0, :, 0].tolist() == [100] * 3 + [len(there)] * 3
    torch.testing.assert_close(scale.mean[0, 3:], there[:, 3:].mean(dim=0), rtol=1e-5, atol=1e-5)
    scaled = scale(given)
    assert scaled[::3, 3:].abs().max() == 0
    assert scaled[1::3, 3:].abs().max() > 0


def test_a_batch_without_any_p_and_s_leaves_their_statistics() -> None:
    scale = of_batches(spectra(10), [10])
    before = scale.squares.clone()
    nothing = spectra(5, seed=1)
    nothing[:, 3:] = 0.0
    scale.train()(nothing)
    assert torch.equal(scale.squares[:, 3:], before[:, 3:])
    assert not torch.equal(scale.squares[:, :3], before[:, :3])


def test_statistics_come_back_from_a_file(tmp_path: Path) -> None:
    scale = of_batches(spectra(20), [20])
    write_weights(scale.state_dict(), {}, tmp_path / "scale.safetensors")
    again = BandScale(CHANNELS, BANDS).eval()
    again.load_state_dict(read_weights(tmp_path / "scale.safetensors")[0])
    given = spectra(4, seed=1)
    assert torch.equal(again(given), scale(given))


@pytest.mark.parametrize("name", ["spectral", "peak_spectra"])
def test_an_encoder_that_has_seen_three_channels_begins_to_count_the_fourth(name: str) -> None:
    windows = torch.randn(8, 4, 1500, generator=torch.Generator().manual_seed(0))
    windows[:, 3] = 0.0
    windows[:, 3, 500:900] = 1.0
    three, _ = FAMILIES[name].encoder(Input(3, 1500, 100.0, 100))
    four, _ = FAMILIES[name].encoder(Input(4, 1500, 100.0, 100))
    with torch.no_grad():
        three(windows[:, :3])
        four.load_state_dict(adapt_channels(three.state_dict(), four.state_dict()))
        expected = three.eval()(windows[:, :3])
        torch.testing.assert_close(four.eval()(windows), expected, rtol=1e-4, atol=1e-6)
        four.train()(windows)
    counted = four.get_buffer("scale.n").flatten().tolist()
    assert counted == [16.0] * (len(counted) - 3) + [8.0] * 3
