"""Residual networks over the whole window: time samples, or spectrograms.

Source: Yilmaz et al. 2024 (arXiv 2408.14962), who take over the networks of Türkmen et al. 2024 (arXiv
2405.18451): two plain convolutions, then three residual blocks of 64, 128 and 256 channels with a 1x1
convolution before each, batch normalisation, and two fully connected layers, the first of 256. Sizes of
kernels and pools are those of the latter's published code. Our choices:

- half their channels (`width` 16 instead of 32), a quarter of the operations, so that they train on a CPU;
- the last features are averaged to 8 numbers per channel (time) or 4 x 3 (spectrogram) before the fully
  connected layers. Theirs are flattened whole: 47,872 numbers for 60 s, most of the network's weights;
- no station coordinates are given to the fully connected layers: these would name the station;
- a ReLU between the two fully connected layers, where theirs have none.
"""

from __future__ import annotations

from torch import Tensor, nn

from quakesite.models.bins import BinMeans, require_samples
from quakesite.models.record_scale import scaling
from quakesite.models.stft import Spectrogram

WIDTH = 16
STRIDES = 4 * 2 * 2 * 2
"""Of all pools over time together."""
TIME_BINS = 8
SPECTROGRAM_BINS = (4, 3)


class ResidualBlock(nn.Module):
    """1x1 convolution to `after` channels, then two convolutions of 3 with a way round them.

    Shapes: (batch, before, time) -> (batch, after, time) in one dimension; in two, with kernels of 3 x 3,
    (batch, before, frames, frequencies) -> (batch, after, frames, frequencies).

    Args:
        before, after: channels.
        dimensions: 1 or 2.
    """

    def __init__(self, before: int, after: int, dimensions: int) -> None:
        super().__init__()
        convolution = nn.Conv1d if dimensions == 1 else nn.Conv2d
        normalisation = nn.BatchNorm1d if dimensions == 1 else nn.BatchNorm2d
        self.widen = convolution(before, after, 1)
        self.body = nn.Sequential(
            convolution(after, after, 3, padding=1, bias=False),
            normalisation(after),
            nn.ReLU(),
            convolution(after, after, 3, padding=1, bias=False),
            normalisation(after),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Returns the block's features."""
        wide = self.widen(features)
        out: Tensor = (wide + self.body(wide)).relu()
        return out


class ResNetEncoder(nn.Module):
    """The ResNet over time samples.

    | layer | 60 s | 15 s |
    |---|---|---|
    | `scale`: record relative to its size, or as it is | (batch, 4, 6000) | (batch, 4, 1500) |
    | `stem.0`: conv 7, then batch norm, ReLU | (batch, 16, 6000) | (batch, 16, 1500) |
    | `stem.3`: conv 7 | (batch, 16, 6000) | (batch, 16, 1500) |
    | `stem.4`: max-pool 4, then batch norm, ReLU | (batch, 16, 1500) | (batch, 16, 375) |
    | `blocks.0`: residual block | (batch, 32, 1500) | (batch, 32, 375) |
    | `blocks.1`: max-pool 2 | (batch, 32, 750) | (batch, 32, 187) |
    | `blocks.2`: residual block | (batch, 64, 750) | (batch, 64, 187) |
    | `blocks.3`: max-pool 2 | (batch, 64, 375) | (batch, 64, 93) |
    | `blocks.4`: residual block | (batch, 128, 375) | (batch, 128, 93) |
    | `blocks.5`: max-pool 2 | (batch, 128, 187) | (batch, 128, 46) |
    | `pool`: mean over eighths of the time; flattened | (batch, 128, 8) | (batch, 128, 8) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        normalise: read records relative to their size, not in cm/s^2.
        width: channels of the first two convolutions (theirs: 32).
    """

    def __init__(self, channels: int, *, normalise: bool = True, width: int = WIDTH) -> None:
        super().__init__()
        self.scale = scaling(normalise)
        self.stem = nn.Sequential(
            nn.Conv1d(channels, width, 7, padding=3, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 7, padding=3, bias=False),
            nn.MaxPool1d(4),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            ResidualBlock(width, 2 * width, 1),
            nn.MaxPool1d(2),
            ResidualBlock(2 * width, 4 * width, 1),
            nn.MaxPool1d(2),
            ResidualBlock(4 * width, 8 * width, 1),
            nn.MaxPool1d(2),
        )
        self.pool = BinMeans(TIME_BINS)
        self.features = 8 * width * TIME_BINS

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 1024)."""
        require_samples(windows, STRIDES * TIME_BINS)
        out: Tensor = self.pool(self.blocks(self.stem(self.scale(windows)))).flatten(1)
        return out


class ResNetStftEncoder(nn.Module):
    """The ResNet over spectrograms: frames of 1 s, 0.5 s apart, times frequencies.

    | layer | 60 s | 15 s |
    |---|---|---|
    | `spectrogram` | (batch, 4, 119, 51) | (batch, 4, 29, 51) |
    | `stem.0`: conv 3x7 | (batch, 16, 119, 51) | (batch, 16, 29, 51) |
    | `stem.1`: max-pool 3x3, stride 1x2, then batch norm, ReLU | (batch, 16, 117, 25) | (batch, 16, 27, 25) |
    | `stem.4`: conv 3x7 | (batch, 16, 117, 25) | (batch, 16, 27, 25) |
    | `stem.5`: max-pool 3x1, stride 2x1, then batch norm, ReLU | (batch, 16, 58, 25) | (batch, 16, 13, 25) |
    | `blocks.0`: residual block | (batch, 32, 58, 25) | (batch, 32, 13, 25) |
    | `blocks.1`: max-pool 1x3, stride 1x2 | (batch, 32, 58, 12) | (batch, 32, 13, 12) |
    | `blocks.2`: residual block | (batch, 64, 58, 12) | (batch, 64, 13, 12) |
    | `blocks.3`: residual block | (batch, 128, 58, 12) | (batch, 128, 13, 12) |
    | `pool`: mean over a grid; flattened | (batch, 128, 4, 3) | (batch, 128, 4, 3) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        rate_hz: sampling rate.
        normalise: logarithms relative to the record's size, instead of magnitudes in cm/s^2.
        width: channels of the first two convolutions (theirs: 32).
    """

    def __init__(self, channels: int, rate_hz: float, *, normalise: bool = True, width: int = WIDTH) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(rate_hz, normalise=normalise)
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, (3, 7), padding=(1, 3), bias=False),
            nn.MaxPool2d(3, stride=(1, 2)),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, (3, 7), padding=(1, 3), bias=False),
            nn.MaxPool2d((3, 1), stride=(2, 1)),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            ResidualBlock(width, 2 * width, 2),
            nn.MaxPool2d((1, 3), stride=(1, 2)),
            ResidualBlock(2 * width, 4 * width, 2),
            ResidualBlock(4 * width, 8 * width, 2),
        )
        self.pool = BinMeans(*SPECTROGRAM_BINS)
        self.features = 8 * width * SPECTROGRAM_BINS[0] * SPECTROGRAM_BINS[1]

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 1536)."""
        require_samples(windows, self.spectrogram.samples(2 * SPECTROGRAM_BINS[0] + 3))
        out: Tensor = self.pool(self.blocks(self.stem(self.spectrogram(windows)))).flatten(1)
        return out
