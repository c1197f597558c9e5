"""Smooth spectra of the 40 s around the peak, read by a small CNN: the H/V baseline's, and H and V too."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.along_frequency import POOLED, WIDTH, convolutions
from quakesite.models.band_scale import BandScale
from quakesite.models.record_scale import COMPONENTS

WINDOW_S = 40.0
EDGE_S = 0.5
TAPER = 0.05
BANDWIDTH = 40.0
FREQUENCIES = 32
LOWEST_HZ, HIGHEST_HZ = 0.2, 20.0
SPECTRA = 3
FLOOR = 1e-4
"""Amplitude, relative to the mean one of the record, that is added before logarithms are taken."""


class PeakSpectra(nn.Module):
    """Log Fourier amplitudes of the 40 s around the peak, smoothed (Konno and Ohmachi). Nothing learns.

    The window is cut around the largest three-component acceleration, moved inside where it would leave the
    record, demeaned, and tapered by a cosine over 5 % at each end; amplitudes are smoothed with b = 40 at 32
    frequencies, even in logarithm from 0.2 to 20 Hz. Source of the smoothing: Konno and Ohmachi (1998),
    Bull. Seism. Soc. Am. 88, 228-241, equation 4. The spectra are the horizontal (quadratic mean of E and N),
    the vertical, and H/V. With P/S, the same of what lies between P and S, cut by the mark with slopes of
    0.5 s, per square root of what the mark lets through; zeros where nothing is marked.

    Args:
        samples: length of the windows; shorter ones than 40 s are taken whole.
        rate_hz: sampling rate.
        relative: give horizontal and vertical relative to the mean of the horizontal; else in
            ln(cm/s^2 times a constant).

    Shapes: (batch, 3 or 4, samples) in cm/s^2 -> (batch, 3 or 6, 32), ln units.
    """

    smoothing: Tensor
    taper: Tensor

    def __init__(self, samples: int, rate_hz: float, *, relative: bool = True) -> None:
        super().__init__()
        self.length = min(round(WINDOW_S * rate_hz), samples)
        self.edge = 2 * round(EDGE_S * rate_hz / 2) + 1
        self.relative = relative
        self.register_buffer("smoothing", _konno_ohmachi(self.length, rate_hz), persistent=False)
        self.register_buffer("taper", _cosine_taper(self.length), persistent=False)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the spectra."""
        cut = self._around_peak(windows)
        motion = cut[:, :COMPONENTS] - cut[:, :COMPONENTS].mean(dim=2, keepdim=True)
        amplitude = self._amplitude(motion * self.taper)
        floor = FLOOR * amplitude.mean(dim=(1, 2)) + 1e-20
        spectra = self._logs(amplitude, floor)
        size = torch.zeros_like(spectra[:, :, :1])
        if self.relative:
            size[:, :2] = spectra[:, :1].mean(dim=2, keepdim=True)
        if windows.shape[1] == COMPONENTS:
            return spectra - size
        marks = cut[:, COMPONENTS:]
        slopes = (
            functional.avg_pool1d(marks, self.edge, 1, self.edge // 2, count_include_pad=False) * self.taper
        )
        through = slopes.square().sum(dim=2, keepdim=True) / self.taper.square().sum()
        between = self._logs(self._amplitude(motion * slopes) / through.clamp(min=1e-12).sqrt(), floor)
        marked = marks.amax(dim=2, keepdim=True) > 0
        return torch.cat([spectra - size, torch.where(marked, between - size, 0.0)], dim=1)

    def _around_peak(self, windows: Tensor) -> Tensor:
        """Returns the part of each window around its peak: (batch, channels, length)."""
        motion = windows[:, :COMPONENTS]
        motion = motion - motion.mean(dim=2, keepdim=True)
        peak = motion.square().sum(dim=1).argmax(dim=1)
        start = (peak - self.length // 2).clamp(0, windows.shape[2] - self.length)
        places = start[:, None] + torch.arange(self.length, device=windows.device)
        return windows.gather(2, places[:, None].expand(-1, windows.shape[1], -1))

    def _amplitude(self, motion: Tensor) -> Tensor:
        """Returns the smoothed amplitudes of H and V, (batch, 2, 32), in full precision."""
        with torch.autocast(motion.device.type, enabled=False):
            amplitude = torch.fft.rfft(motion.float())[..., 1:].abs()
            horizontal = (0.5 * (amplitude[:, 0].square() + amplitude[:, 1].square())).sqrt()
            smooth: Tensor = torch.stack([horizontal, amplitude[:, 2]], dim=1) @ self.smoothing
        return smooth

    def _logs(self, amplitude: Tensor, floor: Tensor) -> Tensor:
        """Returns ln H, ln V and ln H/V."""
        h, v = (amplitude + floor[:, None, None]).log().unbind(dim=1)
        return torch.stack([h, v, h - v], dim=1)


class PeakEncoder(nn.Module):
    """A record's smooth spectra through a small CNN along log frequency.

    | layer | 60 s, 4 channels | 15 s, 4 channels |
    |---|---|---|
    | `spectra`: of 40 s around the peak (15 s: of all) | (batch, 6, 32) | (batch, 6, 32) |
    | `scale`: relative to those of the training windows | (batch, 6, 32) | (batch, 6, 32) |
    | `convs.0`: conv 5, then ReLU | (batch, 32, 32) | (batch, 32, 32) |
    | `convs.2`: mean-pool 2 | (batch, 32, 16) | (batch, 32, 16) |
    | `convs.3`: conv 5, then ReLU | (batch, 32, 16) | (batch, 32, 16) |
    | `convs.5`: mean-pool 2; flattened | (batch, 32, 8) | (batch, 32, 8) |

    Without P/S (3 channels) the first convolution has 3 input channels instead of 6.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S: the spectra between P and S as well).
        samples: length of the windows.
        rate_hz: sampling rate.
        normalise: spectra relative to the record's size; else it stays in them.
    """

    def __init__(self, channels: int, samples: int, rate_hz: float, *, normalise: bool = True) -> None:
        super().__init__()
        self.spectra = PeakSpectra(samples, rate_hz, relative=normalise)
        self.scale = BandScale(SPECTRA * (channels - 2), FREQUENCIES)
        self.convs = convolutions(SPECTRA * (channels - 2))
        self.features = WIDTH * (FREQUENCIES // POOLED)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 256)."""
        out: Tensor = self.convs(self.scale(self.spectra(windows))).flatten(1)
        return out


def _konno_ohmachi(length: int, rate_hz: float) -> Tensor:
    """Returns the smoothing of amplitudes without the zero frequency, (length // 2, 32); columns sum to 1."""
    frequency = torch.fft.rfftfreq(length, 1 / rate_hz, dtype=torch.float64)[1:]
    top = min(HIGHEST_HZ, 0.45 * rate_hz)
    centres = torch.logspace(math.log10(LOWEST_HZ), math.log10(top), FREQUENCIES, dtype=torch.float64)
    argument = BANDWIDTH * (frequency[:, None] / centres).log10()
    weights = torch.sinc(argument / math.pi) ** 4
    weights = torch.where(argument.abs() > 3 * math.pi, 0.0, weights)
    nearest = argument.abs().argmin(dim=0)
    weights[nearest, torch.arange(FREQUENCIES)] = weights[nearest, torch.arange(FREQUENCIES)].clamp(min=1e-6)
    return (weights / weights.sum(dim=0)).float()


def _cosine_taper(length: int) -> Tensor:
    """Returns ones that fall to zero like a cosine over 5 % at each end."""
    edge = max(int(TAPER * length), 1)
    ramp = 0.5 * (1 - torch.cos(math.pi * (torch.arange(edge) + 0.5) / edge))
    return torch.cat([ramp, torch.ones(length - 2 * edge), ramp.flip(0)])
