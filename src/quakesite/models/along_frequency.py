"""The small CNN along log frequency that the spectral networks share."""

from __future__ import annotations

from torch import nn

WIDTH = 32
POOLED = 4
"""How many bands become one."""


def convolutions(channels: int) -> nn.Sequential:
    """Returns two convolutions of 5, each with ReLU and a mean over pairs of bands.

    Shapes: (batch, channels, bands) -> (batch, 32, bands // 4).
    """
    return nn.Sequential(
        nn.Conv1d(channels, WIDTH, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool1d(2),
        nn.Conv1d(WIDTH, WIDTH, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool1d(2),
    )
