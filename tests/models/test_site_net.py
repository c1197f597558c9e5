"""The network of the `quakesite` preset."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from quakesite.models.site_net import SiteNet
from quakesite.models.spectra import BANDS, HIGHEST_HZ, LOWEST_HZ, SpectralFrames


def resonant(f0_hz: float, seed: int = 0) -> torch.Tensor:
    """Returns 60 s of noise whose horizontals are four times as strong around `f0_hz`."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((3, 6000)))
    frequency = np.fft.rfftfreq(6000, 0.01)
    spectrum[:2] *= 1 + 3 * np.exp(-np.square(np.log(np.maximum(frequency, 1e-3) / f0_hz) / 0.2))
    return torch.from_numpy(np.fft.irfft(spectrum, 6000)[None].astype(np.float32))


@pytest.mark.parametrize("f0_hz", [0.7, 2.0, 6.0])
def test_the_ratio_of_horizontal_to_vertical_peaks_at_the_resonance(f0_hz: float) -> None:
    spectra, energy, between, marks = SpectralFrames(100.0)(resonant(f0_hz))
    assert between is None
    assert marks is None
    assert spectra.shape[2:] == (3, BANDS)
    assert energy.sum().item() == pytest.approx(1.0, abs=1e-5)
    ratio = spectra.mean(dim=1)[0, 2]
    peak = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (int(ratio.argmax()) / (BANDS - 1))
    assert peak == pytest.approx(f0_hz, rel=0.2)
    assert ratio.max().item() == pytest.approx(np.log(4), abs=0.35)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_size_of_a_record_does_not_matter(channels: int) -> None:
    torch.manual_seed(0)
    network = SiteNet(channels, 100.0).eval()
    windows = torch.randn(2, channels, 6000)
    windows[:, 3:] = windows[:, 3:].gt(0).float()
    louder = windows.clone()
    louder[:, :3] *= 250.0
    with torch.no_grad():
        torch.testing.assert_close(network(louder), network(windows), rtol=1e-4, atol=1e-5)


def test_silence_and_short_windows_give_numbers() -> None:
    network = SiteNet(4, 100.0)
    with torch.no_grad():
        assert torch.isfinite(network(torch.zeros(1, 4, 6000))).all()
        assert torch.isfinite(network(torch.randn(1, 4, 800))).all()


def marked(p: int, s: int, samples: int) -> torch.Tensor:
    """Returns a record that rings at 2 Hz between P and S and at 8 Hz elsewhere, with its P/S channel."""
    time = torch.arange(samples) / 100.0
    inside = (torch.arange(samples) >= p) & (torch.arange(samples) < s)
    ringing = torch.where(inside, (2 * torch.pi * 2.0 * time).sin(), 5.0 * (2 * torch.pi * 8.0 * time).sin())
    noise = 0.05 * torch.randn(3, samples, generator=torch.Generator().manual_seed(0))
    noise[:2] += ringing
    return torch.cat([noise, inside[None].float()])[None]


def peak_hz(ratio: torch.Tensor) -> float:
    return float(LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** (int(ratio.argmax()) / (BANDS - 1)))


@pytest.mark.parametrize(
    ("p", "s", "samples"), [(2000, 2600, 6000), (5300, 5800, 6000), (750, 1250, 1500), (750, 1500, 1500)]
)
def test_the_spectra_between_p_and_s_are_of_what_lies_there(p: int, s: int, samples: int) -> None:
    spectra = SpectralFrames(100.0)(marked(p, s, samples))
    assert spectra.between is not None
    assert peak_hz(spectra.between[0, 2]) == pytest.approx(2.0, rel=0.15)
    assert peak_hz((spectra.frames * spectra.energy[..., None, None]).sum(dim=1)[0, 2]) == pytest.approx(
        8.0, rel=0.15
    )


@pytest.mark.parametrize("samples", [6000, 1500])
def test_between_p_and_s_steady_noise_is_as_loud_as_all_of_the_record(samples: int) -> None:
    record = torch.randn(1, 4, samples, generator=torch.Generator().manual_seed(1))
    record[:, 3] = 0.0
    record[:, 3, samples // 2 : samples * 3 // 4] = 1.0
    spectra = SpectralFrames(100.0)(record)
    assert spectra.between is not None
    assert spectra.between[0, :2, 16:].mean().item() == pytest.approx(
        spectra.frames[0, :, :2, 16:].mean().item(), abs=0.3
    )


def test_what_is_not_marked_has_no_spectra_of_its_own() -> None:
    spectra = SpectralFrames(100.0)(torch.cat([torch.randn(2, 3, 1500), torch.zeros(2, 1, 1500)], dim=1))
    assert spectra.between is not None
    assert spectra.between.abs().max() == 0


@pytest.mark.parametrize("samples", [800, 1024, 1025, 1500, 2000, 6000])
def test_frames_overlap_by_half_and_reach_the_end_of_the_window(samples: int) -> None:
    frames = SpectralFrames(100.0)
    cut = frames._cut(torch.arange(1.0, samples + 1)[None, None])[0, 0]
    assert cut[0, 0] == 1
    assert cut[-1].max() > samples - len(cut)
    hops = cut[1:, 0] - cut[:-1, 0]
    assert (hops <= frames.length // 2).all()


def test_the_size_stays_where_it_is_asked_for() -> None:
    record = torch.randn(1, 3, 6000, generator=torch.Generator().manual_seed(0))
    absolute = SpectralFrames(100.0, relative=False)
    louder, plain = absolute(1000.0 * record).frames, absolute(record).frames
    torch.testing.assert_close((louder - plain)[:, :, :2], torch.full_like(plain[:, :, :2], math.log(1000.0)))
    torch.testing.assert_close(louder[:, :, 2], plain[:, :, 2], rtol=1e-3, atol=1e-4)


def test_spectra_are_taken_in_full_precision_under_autocast() -> None:
    record = 500.0 * torch.randn(1, 3, 1500, generator=torch.Generator().manual_seed(0))
    frames = SpectralFrames(100.0)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = frames(record).frames
    assert torch.equal(mixed, frames(record).frames)
