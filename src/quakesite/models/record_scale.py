"""Input normalisation: what is left of a record once its size is gone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

COMPONENTS = 3
"""Channels that are ground motion; a fourth is P/S."""

SMALLEST = 1e-12
"""Smallest scale, in cm/s^2, that motion is divided by: silence stays silence."""


class RecordScale(nn.Module):
    """Each record relative to its own size. Nothing in it learns, and it has no parameters.

    The mean of each component is taken away and all three are divided by one number, the root mean square of
    them all: a record times any factor is the same record, and the ratios between its components (H/V)
    stay. P/S, where there is a fourth channel, passes untouched. Strong-motion records span five orders of
    magnitude in cm/s^2; the root mean square hangs less on a single sample than the peak does.

    Shapes: (batch, 3 or 4, samples) in cm/s^2 -> the same, E, N and Z in units of their root mean square.
    """

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the normalised windows."""
        motion = windows[:, :COMPONENTS]
        motion = motion - motion.mean(dim=2, keepdim=True)
        peak = motion.abs().amax(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
        motion = motion / peak  # first to the peak, so that no square underflows or overflows
        size = motion.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=SMALLEST)
        return torch.cat([motion / size, windows[:, COMPONENTS:]], dim=1)


def scaling(normalise: bool) -> nn.Module:
    """Returns `RecordScale`, or what leaves windows in cm/s^2 as the authors' network takes them."""
    return RecordScale() if normalise else nn.Identity()
