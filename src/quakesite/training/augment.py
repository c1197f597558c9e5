"""Changes of training windows that leave the site what it is: its Vs30 stays the label.

| name | what happens | what stays |
|---|---|---|
| `shift` | the window moves by up to a thirtieth of its length, zeros follow | waveform, P/S with it |
| `polarity` | E, N and Z change sign, one time in two | every spectrum, H/V |
| `rotation` | E and N turn about the vertical by any angle | E² + N² at each sample, Z, total H/V |
| `noise` | white noise, 20 to 50 dB below the record | P/S |
| `scale` | E, N and Z times 1/4 to 4, even in logarithm | every ratio, H/V |

Every window draws for itself. The P/S channel is 0 or 1 throughout.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import torch
from torch import Tensor

SHIFT_SHARE = 1 / 30
NOISE_DB = (20.0, 50.0)
LARGEST_FACTOR = 4.0
NAMES = ("shift", "polarity", "rotation", "noise", "scale")
"""In the order in which they are applied."""


def augmented(
    windows: Tensor, labels: Tensor, names: Collection[str], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Returns changed windows and their labels.

    The labels stay, but for epicentres (batch, 2), km to the east and north: a rotation turns them too.

    Args:
        windows: (batch, 3 or 4, samples) float32: E, N, Z in cm/s^2, and P/S.
        labels: (batch,) or (batch, 2).
        names: which of `NAMES`.
        generator: what chance is drawn from, on the CPU: the same on every device.

    Raises:
        ValueError: an unknown name.
    """
    if unknown := sorted(set(names) - set(NAMES)):
        raise ValueError(f"unknown augmentation {unknown}; known: {NAMES}")
    if not names:
        return windows, labels
    windows = windows.clone()
    for name in NAMES:
        if name == "shift" and name in names:
            windows = _shifted(windows, generator)
        elif name == "rotation" and name in names:
            windows, labels = _rotated(windows, labels, generator)
        elif name == "noise" and name in names:
            windows[:, :3] += _noise(windows[:, :3], generator)
        elif name in names:
            windows[:, :3] *= _factors(name, len(windows), generator).to(windows)[:, None, None]
    return windows, labels


def _shifted(windows: Tensor, generator: torch.Generator) -> Tensor:
    n = windows.shape[2]
    most = max(1, round(SHIFT_SHARE * n))
    later = torch.randint(-most, most + 1, (len(windows),), generator=generator).to(windows.device)
    source = torch.arange(n, device=windows.device)[None, :] - later[:, None]
    inside = (source >= 0) & (source < n)
    places = source.clamp(0, n - 1)[:, None, :].expand_as(windows)
    return windows.gather(2, places) * inside[:, None, :]


def _rotated(windows: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    angle = 2 * math.pi * torch.rand(len(windows), generator=generator, dtype=torch.float64)
    cos, sin = angle.cos().to(windows), angle.sin().to(windows)
    east, north = windows[:, 0], windows[:, 1]
    windows[:, :2] = _turned(east, north, cos[:, None], sin[:, None])
    if labels.ndim == 2:
        labels = _turned(labels[:, 0], labels[:, 1], cos, sin)
    return windows, labels


def _turned(east: Tensor, north: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return torch.stack([cos * east - sin * north, sin * east + cos * north], dim=1)


def _noise(motion: Tensor, generator: torch.Generator) -> Tensor:
    low, high = NOISE_DB
    below_db = low + (high - low) * torch.rand(len(motion), generator=generator)
    level = motion.square().mean(dim=(1, 2)).sqrt() * (10 ** (-below_db / 20)).to(motion)
    return torch.randn(motion.shape, generator=generator).to(motion) * level[:, None, None]


def _factors(name: str, n: int, generator: torch.Generator) -> Tensor:
    if name == "polarity":
        return 1.0 - 2.0 * torch.randint(0, 2, (n,), generator=generator)
    return LARGEST_FACTOR ** (2 * torch.rand(n, generator=generator) - 1)
