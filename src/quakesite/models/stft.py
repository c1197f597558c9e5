"""Spectrograms as input: the `_stft` families."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quakesite.models.record_scale import COMPONENTS, scaling

WINDOW_S = 1.0
FLOOR = 1e-3
"""Added to a magnitude, relative to the record's size, before its logarithm is taken."""


class Spectrogram(nn.Module):
    """Magnitudes of the short-time Fourier transform: 1 s Hann windows that overlap by half.

    Source: the group's spectrograms for epicentres (Türkmen et al. 2024, arXiv 2405.18451), whose networks
    Yilmaz et al. 2024 take over: 60 s at 100 Hz give 119 frames of 51 frequencies, in cm/s^2. Ours: where the
    record is normalised, the logarithm is taken of the magnitude plus a thousandth of the record's root mean
    square, since a spectrogram spans orders of magnitude within one record as well. P/S, the fourth
    channel, is the part of a frame that is between P and S, the same at all frequencies.

    Shapes: (batch, 3 or 4, samples) in cm/s^2 -> (batch, 3 or 4, frames, frequencies): 119 x 51
    of 60 s, 29 x 51 of 15 s.

    Args:
        rate_hz: sampling rate.
        normalise: logarithms relative to the record's size, instead of magnitudes in cm/s^2.
    """

    taper: Tensor

    def __init__(self, rate_hz: float, *, normalise: bool) -> None:
        super().__init__()
        self.length = round(WINDOW_S * rate_hz)
        self.scale, self.logarithm = scaling(normalise), normalise
        taper = torch.hann_window(self.length)
        self.register_buffer("taper", taper / taper.sum(), persistent=False)

    @property
    def frequencies(self) -> int:
        """How many frequencies there are, from 0 to half the sampling rate."""
        return self.length // 2 + 1

    def samples(self, frames: int) -> int:
        """Returns how many samples it takes for so many frames."""
        return self.length + (frames - 1) * (self.length // 2)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the spectrograms."""
        frames = self.scale(windows).unfold(2, self.length, self.length // 2)
        magnitude = torch.fft.rfft(frames[:, :COMPONENTS] * self.taper).abs()
        if self.logarithm:
            magnitude = (magnitude + FLOOR).log()
        marks = frames[:, COMPONENTS:].mean(dim=3, keepdim=True).expand(-1, -1, -1, self.frequencies)
        return torch.cat([magnitude, marks], dim=1)
