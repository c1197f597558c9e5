"""The network of the `quakesite` preset."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quakesite.models.site_net import BANDS, HIGHEST_HZ, LOWEST_HZ, SiteNet, SpectralFrames


def resonant(f0_hz: float, seed: int = 0) -> torch.Tensor:
    """Returns 60 s of noise whose horizontals are four times as strong around `f0_hz`."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((3, 6000)))
    frequency = np.fft.rfftfreq(6000, 0.01)
    spectrum[:2] *= 1 + 3 * np.exp(-np.square(np.log(np.maximum(frequency, 1e-3) / f0_hz) / 0.2))
    return torch.from_numpy(np.fft.irfft(spectrum, 6000)[None].astype(np.float32))


@pytest.mark.parametrize("f0_hz", [0.7, 2.0, 6.0])
def test_the_ratio_of_horizontal_to_vertical_peaks_at_the_resonance(f0_hz: float) -> None:
    spectra, energy = SpectralFrames(100.0)(resonant(f0_hz))
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
