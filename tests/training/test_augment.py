"""Augmentation: what it changes of a window, and what it leaves."""

from __future__ import annotations

import math

import pytest
import torch

from quakesite.training.augment import LARGEST_FACTOR, NAMES, NOISE_DB, SHIFT_SHARE, augmented

N, SAMPLES = 64, 600


def windows() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    tensors = torch.randn(N, 4, SAMPLES, generator=generator, dtype=torch.float64)
    tensors[:, :2] *= 5
    tensors[:, 3] = 0
    tensors[:, 3, 200:300] = 1
    return tensors


def changed(*names: str, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    before = windows()
    labels = torch.linspace(200, 900, N, dtype=torch.float64)
    after, same = augmented(before, labels, names, torch.Generator().manual_seed(seed))
    assert torch.equal(before, windows()), "the windows handed in are the data set's own"
    assert torch.equal(same, labels)
    assert not torch.equal(after, before)
    return before, after


def total_hv(tensors: torch.Tensor) -> torch.Tensor:
    power = torch.fft.rfft(tensors[:, :3]).abs().square()
    return (power[:, 0] + power[:, 1]) / power[:, 2]


@pytest.mark.parametrize("name", NAMES)
def test_the_ps_channel_stays_zero_or_one(name: str) -> None:
    _, after = changed(name)
    assert set(after[:, 3].unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["polarity", "rotation", "scale"])
def test_total_horizontal_over_vertical_stays(name: str) -> None:
    before, after = changed(name)
    torch.testing.assert_close(total_hv(after), total_hv(before), rtol=1e-8, atol=0)
    assert torch.equal(after[:, 3], before[:, 3])


def test_polarity_turns_about_half_of_the_windows_upside_down() -> None:
    before, after = changed("polarity")
    signs = (after[:, :3] / before[:, :3]).flatten(1)
    assert torch.equal(signs.abs(), torch.ones_like(signs))
    assert torch.equal(signs.amin(dim=1), signs.amax(dim=1))
    assert N / 4 < (signs[:, 0] < 0).sum() < 3 * N / 4


def test_rotation_keeps_the_vertical_and_the_horizontal_size_at_every_sample() -> None:
    before, after = changed("rotation")
    assert torch.equal(after[:, 2:], before[:, 2:])
    torch.testing.assert_close(after[:, :2].norm(dim=1), before[:, :2].norm(dim=1))
    angle = torch.atan2(after[:, 1], after[:, 0]) - torch.atan2(before[:, 1], before[:, 0])
    angle = angle.remainder(2 * math.pi)
    torch.testing.assert_close(angle.cos(), angle[:, :1].cos().expand_as(angle))
    assert len({round(float(one), 6) for one in angle[:, 0]}) == N


def test_rotation_turns_an_epicentre_with_the_motion() -> None:
    before = windows()
    epicentres = before[:, :2, 0].clone()
    after, turned = augmented(before, epicentres, ["rotation"], torch.Generator().manual_seed(1))
    torch.testing.assert_close(turned, after[:, :2, 0])


def test_shift_moves_waveform_and_ps_together_and_fills_with_zeros() -> None:
    before, after = changed("shift")
    most = round(SHIFT_SHARE * SAMPLES)
    shifts = []
    for one, other in zip(before, after, strict=True):
        later = int(other[3].nonzero()[0]) - 200
        shifts.append(later)
        expected = one.roll(later, dims=1)
        if later > 0:
            expected[:, :later] = 0
        elif later < 0:
            expected[:, later:] = 0
        assert torch.equal(other, expected)
    assert min(shifts) >= -most
    assert max(shifts) <= most
    assert len(set(shifts)) > 10


def test_scale_multiplies_a_window_by_one_factor() -> None:
    before, after = changed("scale")
    factor = (after[:, :3] / before[:, :3]).flatten(1)
    torch.testing.assert_close(factor, factor[:, :1].expand_as(factor))
    assert 1 / LARGEST_FACTOR <= factor.min() < 0.5
    assert 2 < factor.max() <= LARGEST_FACTOR


def test_noise_lies_as_far_below_the_record_as_drawn() -> None:
    before, after = changed("noise")
    added = (after - before)[:, :3]
    ratio_db = 10 * (before[:, :3].square().mean(dim=(1, 2)) / added.square().mean(dim=(1, 2))).log10()
    assert NOISE_DB[0] - 0.5 < ratio_db.min() < 26
    assert 44 < ratio_db.max() < NOISE_DB[1] + 0.5
    assert torch.equal(after[:, 3], before[:, 3])


def test_the_same_seed_changes_alike_and_another_one_does_not() -> None:
    one, again, other = (changed(*NAMES, seed=seed)[1] for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_without_augmentation_nothing_is_copied_and_an_unknown_name_is_refused() -> None:
    tensors, labels = windows(), torch.ones(N)
    assert augmented(tensors, labels, [], torch.Generator())[0] is tensors
    with pytest.raises(ValueError, match="reverse"):
        augmented(tensors, labels, ["reverse"], torch.Generator())
