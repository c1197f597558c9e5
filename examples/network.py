"""A network in one file: two convolutions along time, averaged over the window.

In the configuration: `training: {network: examples/network.py, target: ln}`. Nothing else is to be changed:
training, tables, model card and prediction take it as they take those that come with quakesite.
"""

from torch import Tensor, nn

from quakesite.models.families import headed
from quakesite.models.network import Input


class Encoder(nn.Module):
    """(batch, 3 or 4, samples) in cm/s^2 -> (batch, 32)."""

    def __init__(self, channels: int, normalise: bool) -> None:
        super().__init__()
        self.normalise = normalise
        self.layers = nn.Sequential(
            nn.Conv1d(channels, 16, 9, stride=4, padding=4),
            nn.ReLU(),
            nn.Conv1d(16, 32, 9, stride=4, padding=4),
            nn.ReLU(),
        )

    def forward(self, windows: Tensor) -> Tensor:
        """Returns 32 features of each window."""
        if self.normalise:
            windows = windows / (windows[:, :3].std(dim=(1, 2), keepdim=True) + 1e-9)
        features: Tensor = self.layers(windows).mean(dim=2)
        return features


def encode(windows: Input, normalise: bool) -> tuple[nn.Module, int]:
    """Returns the encoder for such windows, and how many features it gives."""
    return Encoder(windows.channels, normalise), 32


FAMILY = headed(encode, hidden=32, dropout=0.1)
