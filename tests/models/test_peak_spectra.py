"""Smooth spectra of the 40 s around the peak."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quakesite.evaluation.features.spectra import ln_hv
from quakesite.models.peak_spectra import FREQUENCIES, HIGHEST_HZ, LOWEST_HZ, PeakSpectra

HZ = np.geomspace(LOWEST_HZ, HIGHEST_HZ, FREQUENCIES)


def record(peak: int, samples: int = 6000) -> torch.Tensor:
    """Returns noise under an envelope that is loudest at `peak`, its horizontals coloured."""
    noise = torch.randn(1, 3, samples, generator=torch.Generator().manual_seed(peak))
    noise[:, :2] = 3.0 * torch.nn.functional.avg_pool1d(noise[:, :2], 7, 1, 3)
    return noise * (0.05 + (-(((torch.arange(samples) - peak) / 800.0) ** 2)).exp())


@pytest.mark.parametrize(("peak", "samples"), [(3000, 6000), (300, 6000), (5900, 6000), (700, 1500)])
def test_the_ratio_is_that_of_the_baseline(peak: int, samples: int) -> None:
    windows = record(peak, samples)
    expected = ln_hv(windows[0].numpy(), 100.0, HZ)
    found = PeakSpectra(samples, 100.0)(windows)[0, 2].numpy()
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_horizontal_and_vertical_are_relative_to_the_horizontal() -> None:
    spectra = PeakSpectra(6000, 100.0)(record(3000))
    assert spectra[0, 0].mean().item() == pytest.approx(0.0, abs=1e-5)
    torch.testing.assert_close(spectra[:, 0] - spectra[:, 1], spectra[:, 2], rtol=1e-4, atol=1e-4)


def test_steady_noise_is_as_loud_between_p_and_s_as_all_of_it() -> None:
    windows = torch.randn(1, 4, 6000, generator=torch.Generator().manual_seed(0))
    windows[:, 3] = 0.0
    windows[:, 3, 2500:3500] = 1.0
    spectra = PeakSpectra(6000, 100.0)(windows)
    assert (spectra[0, 3:5] - spectra[0, :2])[:, 12:].mean().item() == pytest.approx(0.0, abs=0.2)
    windows[:, 3] = 0.0
    assert PeakSpectra(6000, 100.0)(windows)[:, 3:].abs().max() == 0
