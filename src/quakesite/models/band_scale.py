"""Spectra relative to those of the training windows: what is common to all sites goes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SMALLEST = 1e-3
"""Smallest standard deviation, in ln units, that spectra are divided by."""


class BandScale(nn.Module):
    """Takes the mean of each band away, and divides each channel by one number, as the training windows tell.

    The number is the root mean square, over a channel's bands, of their standard deviations: how bands
    differ in spread stays. Nothing is learned by gradient. Each training batch adds to the running count,
    mean and sum of squared deviations (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample
    variance", equation 2.1), which are those of all windows since the first; they are used in training as
    they are in evaluation, and travel with the weights.

    A channel of zeros stands for nothing (no P and S is marked): it is not counted and stays zero. Where
    nothing has been counted yet, spectra pass as they are.

    Shapes: (batch, channels, bands) -> the same. The buffers have their channels on axis 1, as weights have.

    Args:
        channels: how many spectra a window has.
        bands: how many bands each has.
    """

    n: Tensor
    mean: Tensor
    squares: Tensor

    def __init__(self, channels: int, bands: int) -> None:
        super().__init__()
        self.register_buffer("n", torch.zeros(1, channels, 1))
        self.register_buffer("mean", torch.zeros(1, channels, bands))
        self.register_buffer("squares", torch.zeros(1, channels, bands))

    @property
    def std(self) -> Tensor:
        """The number that each channel is divided by, (1, channels, 1); 1 before two windows were counted."""
        variance = self.squares.mean(dim=2, keepdim=True) / self.n.clamp(min=1)
        return torch.where(self.n > 1, variance.sqrt().clamp(min=SMALLEST), 1.0)

    def forward(self, spectra: Tensor) -> Tensor:
        """Returns the scaled spectra; counts them first when training."""
        there = spectra.ne(0).any(dim=2, keepdim=True)
        if self.training:
            self._count(spectra.detach().float(), there.float())
        return torch.where(there, (spectra - self.mean) / self.std, 0.0)

    @torch.no_grad()
    def _count(self, spectra: Tensor, there: Tensor) -> None:
        new = there.sum(dim=0, keepdim=True)
        mean = (spectra * there).sum(dim=0, keepdim=True) / new.clamp(min=1)
        total = (self.n + new).clamp(min=1)
        apart = mean - self.mean
        self.squares += ((spectra - mean) * there).square().sum(dim=0, keepdim=True)
        self.squares += apart.square() * self.n * new / total
        self.mean += apart * new / total
        self.n += new
