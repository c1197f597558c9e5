"""Log spectra of short frames of a record. Nothing here learns."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.record_scale import COMPONENTS

FRAME_S = 10.24
BANDS = 48
LOWEST_HZ = 0.25
HIGHEST_HZ = 30.0
EDGE_S = 0.5
SPECTRA = 3
"""How many spectra a frame has: horizontal, vertical, H/V."""
TINY = 1e-20


class Spectra(NamedTuple):
    """What `SpectralFrames` makes of windows.

    Attributes:
        frames: (batch, frames, 3, bands), ln units: horizontal, vertical and H/V of each frame.
        energy: (batch, frames), each frame's share of the horizontal energy; sum 1.
        between: (batch, 3, bands), the same of what lies between P and S, 0 where nothing does; None
            without a fourth channel.
        marks: (batch, frames), the part of each frame between P and S; None without a fourth channel.
    """

    frames: Tensor
    energy: Tensor
    between: Tensor | None
    marks: Tensor | None


class SpectralFrames(nn.Module):
    """Log spectra of short frames, in bands of equal width in log frequency.

    The frames overlap by half or a little more: as many as it takes, evenly, from the window's first sample
    to its last. For 60 s (15 s) and frames of 10.24 s that is 11 (2) frames, 4.97 s (4.76 s) apart. A
    window shorter than a frame is filled with zeros at its end.

    The spectra are the horizontal (root mean square of E and N), the vertical, and their ratio H/V.

    For those between P and S the waveform itself is cut by the mark, whose edges are made slopes of 0.5 s,
    before frames are taken of it: a mark of a second counts as well as one of a minute, wherever the
    frames lie. The powers of the frames are summed and divided by what the tapers let through, so that
    they compare with the whole record's.

    Args:
        rate_hz: sampling rate.
        frame_s: length of a frame in seconds.
        relative: give horizontal and vertical relative to the record's mean, so that its size is gone; else
            in ln(cm/s^2 times a constant).

    Shapes: (batch, 3 or 4, samples) in cm/s^2 -> `Spectra`.
    """

    bands: Tensor
    taper: Tensor

    def __init__(self, rate_hz: float, frame_s: float = FRAME_S, *, relative: bool = True) -> None:
        super().__init__()
        self.length = round(frame_s * rate_hz)
        self.edge = 2 * round(EDGE_S * rate_hz / 2) + 1
        self.relative = relative
        self.register_buffer("bands", _bands(self.length, rate_hz), persistent=False)
        self.register_buffer("taper", torch.hann_window(self.length, periodic=False), persistent=False)

    def forward(self, windows: Tensor) -> Spectra:
        """Returns the spectra of the frames."""
        motion = windows[:, :COMPONENTS]
        motion = motion - motion.mean(dim=2, keepdim=True)
        power = self._power(motion)
        energy = (power[:, 0] + power[:, 1]).sum(dim=2)
        share = energy / (energy.sum(dim=1, keepdim=True) + TINY)
        spectra = self._logs(power, power)
        if windows.shape[1] == COMPONENTS:
            return Spectra(spectra, share, None, None)
        marks = windows[:, COMPONENTS:]
        between = self._logs(self._marked_power(motion, marks)[:, :, None], power)[:, 0]
        marked = marks.amax(dim=2, keepdim=True) > 0
        return Spectra(
            spectra, share, torch.where(marked, between, 0.0), self._cut(marks).mean(dim=3).squeeze(1)
        )

    def _marked_power(self, motion: Tensor, marks: Tensor) -> Tensor:
        """Returns the power between P and S, (batch, 3, bands), as that of a frame which is full of it."""
        slopes = functional.avg_pool1d(marks, self.edge, 1, self.edge // 2, count_include_pad=False)
        through = (self._cut(slopes) * self.taper).square().sum(dim=(2, 3))
        full = self.taper.square().sum()
        return self._power(motion * slopes).sum(dim=2) * (full / through.clamp(min=TINY))[..., None]

    def _cut(self, signals: Tensor) -> Tensor:
        """Returns the frames of signals: (batch, n, samples) -> (batch, n, frames, length)."""
        samples = signals.shape[2]
        if samples < self.length:
            signals, samples = functional.pad(signals, (0, self.length - samples)), self.length
        spare = samples - self.length
        steps = math.ceil(2 * spare / self.length)
        return signals.unfold(2, self.length, spare // steps if steps else 1)

    def _power(self, motion: Tensor) -> Tensor:
        """Returns the power in each band: (batch, 3, samples) -> (batch, 3, frames, bands).

        In full precision whatever the rest runs in: powers do not fit into 16 bits.
        """
        with torch.autocast(motion.device.type, enabled=False):
            frames = self._cut(motion.float()) * self.taper
            power: Tensor = torch.fft.rfft(frames).abs().square() @ self.bands
        return power

    def _logs(self, power: Tensor, of_record: Tensor) -> Tensor:
        """Returns the log spectra of powers, (batch, frames, 3, bands), above the floor of their record."""
        floor = TINY + 1e-6 * (of_record[:, 0] + of_record[:, 1]).mean(dim=(1, 2), keepdim=True)
        h = 0.5 * (0.5 * (power[:, 0] + power[:, 1]) + floor).log()
        v = 0.5 * (power[:, 2] + floor).log()
        if not self.relative:
            return torch.stack([h, v, h - v], dim=2)
        record = 0.5 * (0.5 * (of_record[:, 0] + of_record[:, 1]) + floor).log()
        size = record.mean(dim=(1, 2), keepdim=True)
        return torch.stack([h - size, v - size, h - v], dim=2)


def _bands(length: int, rate_hz: float) -> Tensor:
    """Returns triangular bands in log frequency, (frequencies, bands), each with weights of sum 1."""
    frequency = torch.fft.rfftfreq(length, 1 / rate_hz, dtype=torch.float64)
    top = min(HIGHEST_HZ, 0.45 * rate_hz)
    centres = torch.linspace(math.log(LOWEST_HZ), math.log(top), BANDS, dtype=torch.float64)
    width = torch.maximum(centres[1] - centres[0], rate_hz / length / centres.exp())
    distance = (frequency.clamp(min=1e-9).log()[:, None] - centres[None, :]).abs()
    weights = (1 - distance / width[None, :]).clamp(min=0)
    weights[0] = 0
    shares: Tensor = weights / weights.sum(dim=0).clamp(min=1e-12)
    return shares.float()
