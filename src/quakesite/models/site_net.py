"""The network of the `quakesite` preset: spectra of the three components, read from a normalised record."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.network import Network

FRAME_S = 10.24
BANDS = 48
LOWEST_HZ = 0.25
HIGHEST_HZ = 30.0
DROPOUT = 0.3
TINY = 1e-20


class SpectralFrames(nn.Module):
    """Log spectra of short frames, in bands of equal width in log frequency. Nothing in it learns.

    Args:
        rate_hz: sampling rate.

    Shapes: (batch, 3 or 4, samples) in cm/s^2 -> spectra (batch, frames, 3, bands), in ln units: the
    horizontal (root mean square of E and N), the vertical, and their ratio H/V; horizontal and vertical are
    relative to the record's mean, so that the record's size is gone; and weights (batch, frames), the
    share of each frame's horizontal energy.
    """

    bands: Tensor
    taper: Tensor

    def __init__(self, rate_hz: float) -> None:
        super().__init__()
        self.length = round(FRAME_S * rate_hz)
        self.register_buffer("bands", _bands(self.length, rate_hz), persistent=False)
        self.register_buffer("taper", torch.hann_window(self.length, periodic=False), persistent=False)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Returns spectra and weights; see the class."""
        motion = windows[:, :3]
        motion = motion - motion.mean(dim=2, keepdim=True)
        if motion.shape[2] < self.length:
            motion = functional.pad(motion, (0, self.length - motion.shape[2]))
        frames = motion.unfold(2, self.length, self.length // 2)
        power: Tensor = torch.fft.rfft(frames * self.taper).abs().square() @ self.bands
        horizontal = power[:, 0] + power[:, 1]
        energy = horizontal.sum(dim=2)
        floor = TINY + 1e-6 * horizontal.mean(dim=(1, 2), keepdim=True)
        h = 0.5 * (0.5 * horizontal + floor).log()
        v = 0.5 * (power[:, 2] + floor).log()
        size = h.mean(dim=(1, 2), keepdim=True)
        spectra = torch.stack([h - size, v - size, h - v], dim=2)
        weights: Tensor = energy / (energy.sum(dim=1, keepdim=True) + TINY)
        return spectra, weights


def _bands(length: int, rate_hz: float) -> Tensor:
    """Returns triangular bands in log frequency, (frequencies, bands), each with weights of sum 1."""
    frequency = torch.fft.rfftfreq(length, 1 / rate_hz, dtype=torch.float64)
    top = min(HIGHEST_HZ, 0.45 * rate_hz)
    centres = torch.linspace(math.log(LOWEST_HZ), math.log(top), BANDS, dtype=torch.float64)
    width = torch.maximum(centres[1] - centres[0], 1.0 / (FRAME_S * centres.exp()))
    distance = (frequency.clamp(min=1e-9).log()[:, None] - centres[None, :]).abs()
    weights = (1 - distance / width[None, :]).clamp(min=0)
    weights[0] = 0
    shares: Tensor = weights / weights.sum(dim=0).clamp(min=1e-12)
    return shares.float()


class SiteEncoder(nn.Module):
    """A record's spectra, averaged over its frames, through a small CNN along log frequency.

    | layer | shape |
    |---|---|
    | `SpectralFrames` | (batch, frames, 3, 48) |
    | mean over frames, plain and weighted by energy (and by P/S) | (batch, 6 or 9, 48) |
    | conv 5, 32, ReLU, mean-pool 2 | (batch, 32, 24) |
    | conv 5, 32, ReLU, mean-pool 2 | (batch, 32, 12) |
    | flatten | (batch, 384) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S: the spectra between P and S are averaged as well).
        rate_hz: sampling rate.
    """

    def __init__(self, channels: int, rate_hz: float) -> None:
        super().__init__()
        self.frames = SpectralFrames(rate_hz)
        self.between = channels == 4
        self.convs = nn.Sequential(
            nn.Conv1d(9 if self.between else 6, 32, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool1d(2),
            nn.Conv1d(32, 32, 5, padding=2),
            nn.ReLU(),
            nn.AvgPool1d(2),
        )
        self.features = 32 * (BANDS // 4)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 384)."""
        spectra, energy = self.frames(windows)
        means = [spectra.mean(dim=1), (spectra * energy[..., None, None]).sum(dim=1)]
        if self.between:
            means.append(self._between_p_and_s(windows[:, 3], spectra))
        out: Tensor = self.convs(torch.cat(means, dim=1)).flatten(1)
        return out

    def _between_p_and_s(self, marks: Tensor, spectra: Tensor) -> Tensor:
        length = self.frames.length
        if marks.shape[1] < length:
            marks = functional.pad(marks, (0, length - marks.shape[1]))
        share = marks.unfold(1, length, length // 2).mean(dim=2)
        share = share / (share.sum(dim=1, keepdim=True) + 1e-6)
        between: Tensor = (spectra * share[..., None, None]).sum(dim=1)
        return between


class SiteNet(Network):
    """(batch, channels, samples) in cm/s^2 -> (batch,), standardised ln Vs30: `SiteEncoder` -> 64 -> 1.

    A part of the features and of the hidden layer (0.3) is dropped in training: stations are few.
    """

    def __init__(self, channels: int, rate_hz: float) -> None:
        super().__init__()
        encoder = SiteEncoder(channels, rate_hz)
        self.encoder = encoder
        self.hidden, self.out = nn.Linear(encoder.features, 64), nn.Linear(64, 1)
        self.dropout = nn.Dropout(DROPOUT)

    @property
    def last(self) -> nn.Linear:
        """The layer that gives the prediction."""
        return self.out

    def forward(self, windows: Tensor) -> Tensor:
        """Returns standardised ln Vs30, shape (batch,)."""
        hidden = self.hidden(self.dropout(self.encoder(windows))).relu()
        out: Tensor = self.out(self.dropout(hidden))
        return out.squeeze(1)
