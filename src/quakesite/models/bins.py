"""Features of a window of any length as the same number of means."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class BinMeans(nn.Module):
    """Means over `bins` equal parts of each axis behind the channels; what does not divide is left out.

    Unlike torch's adaptive pooling its gradient is the same from run to run on a GPU, too.

    Shapes: (batch, channels, time) -> (batch, channels, bins[0]), or with two axes likewise.

    Args:
        bins: how many means along each axis, one or two.
    """

    def __init__(self, *bins: int) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, features: Tensor) -> Tensor:
        """Returns the means."""
        each = [size // bins for size, bins in zip(features.shape[2:], self.bins, strict=True)]
        if len(each) == 1:
            return functional.avg_pool1d(features, each)[..., : self.bins[0]]
        return functional.avg_pool2d(features, each)[..., : self.bins[0], : self.bins[1]]


def require_samples(windows: Tensor, least: int) -> None:
    """Raises a clear error where windows are too short for the layers that follow.

    Raises:
        ValueError: they have fewer than `least` samples.
    """
    if windows.shape[2] < least:
        raise ValueError(f"a window of {windows.shape[2]} samples is too short for the network ({least})")
