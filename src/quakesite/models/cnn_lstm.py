"""The published CNN-LSTM: segments through one small CNN, their features through an LSTM to Vs30.

Source: Yilmaz, Akagündüz and Tileylioglu, arXiv 2503.05224, Fig. 2; layer sizes from the published weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.network import Network

FEATURES = 4
HIDDEN = 256
POOL = 3
LAYERS = ((16, 2), (32, 2), (16, 4), (FEATURES, 3))
"""Output channels and stride of the four convolutions."""


class ColumnConv(nn.Conv2d):
    """A 3x3 convolution for images one sample wide, many of which lie side by side along the width.

    The authors' images are (time, 1), padded by 1 on every side: only the middle column of the kernel ever
    meets data, and a 1-D convolution with it is exact. The whole kernel is kept as the parameter, so that
    the state dict, the number of parameters and the initial weights are those of `nn.Conv2d`; its outer
    columns get no gradient.

    Shapes: (batch, in, time, images) -> (batch, out, ceil(time / stride), images).
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, 3, stride=(stride, 1), padding=(1, 0))

    def forward(self, input: Tensor) -> Tensor:
        """Returns the convolution along time of each image with the kernel's middle column."""
        column = self.weight[..., 1:2]
        return functional.conv2d(input, column, self.bias, self.stride, self.padding)


class SegmentEncoder(nn.Module):
    """The CNN that reads one segment: the part that the gamma experiments transfer.

    All segments of all windows of a batch go through it at once. For segments of 100 (500) samples:

    | layer | time | channels |
    |---|---|---|
    | input | 100 (500) | 3 or 4 |
    | conv 3, stride 2, ReLU, max-pool 3 stride 1 | 50 -> 48 (250 -> 248) | 16 |
    | conv 3, stride 2, ReLU, max-pool 3 stride 1 | 24 -> 22 (124 -> 122) | 32 |
    | conv 3, stride 4, ReLU, max-pool 3 stride 1 | 6 -> 4 (31 -> 29) | 16 |
    | conv 3, stride 3 | 2 (10) | 4 |
    """

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        sizes = [channels, *(out for out, _ in LAYERS)]
        self.convs = nn.ModuleList(
            ColumnConv(before, after, stride)
            for before, (after, stride) in zip(sizes[:-1], LAYERS, strict=True)
        )

    def forward(self, segments: Tensor) -> Tensor:
        """Returns the features of each segment: (batch, channels, samples, n) -> (batch, n, steps, 4)."""
        features = segments.contiguous(memory_format=torch.channels_last)
        *pooled, last = self.convs
        for conv in pooled:
            features = functional.max_pool2d(functional.relu(conv(features)), (POOL, 1), stride=1)
        out: Tensor = last(features)
        return out.permute(0, 3, 2, 1)


def steps_of(samples: int) -> int:
    """Returns how many steps of features a segment of `samples` gives; 0 where it is too short."""
    for index, (_, stride) in enumerate(LAYERS):
        if samples < 1:
            return 0
        samples = (samples - 1) // stride + 1
        if index < len(LAYERS) - 1:
            samples -= POOL - 1
    return max(samples, 0)


class SequenceEncoder(nn.Module):
    """A window as the sequence of its segments' features.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        segment_samples: length of a segment; a shorter one stands at the end of a window that is no
            multiple of it, as `torch.split` leaves it.

    Raises:
        ValueError: the segment is too short for the CNN.
    """

    def __init__(self, channels: int, segment_samples: int) -> None:
        super().__init__()
        if steps_of(segment_samples) < 1:
            raise ValueError(f"a segment of {segment_samples} samples is too short for the network")
        self.cnn = SegmentEncoder(channels)
        self.segment_samples = segment_samples

    def steps(self, samples: int) -> int:
        """Returns how many steps a window of `samples` gives.

        Raises:
            ValueError: the window, or what is left at its end, is too short for the CNN.
        """
        whole, rest = divmod(samples, self.segment_samples)
        if samples < 1 or (rest and steps_of(rest) < 1):
            raise ValueError(
                f"a window of {samples} samples leaves a segment too short for the network "
                f"(segments of {self.segment_samples})"
            )
        return whole * steps_of(self.segment_samples) + steps_of(rest)

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features in time: (batch, channels, samples) -> (batch, steps, 4)."""
        batch, channels, samples = windows.shape
        self.steps(samples)
        length = self.segment_samples
        whole = samples // length
        parts = []
        if whole:
            segments = windows[..., : whole * length].reshape(batch, channels, whole, length)
            parts.append(segments.transpose(2, 3))
        if samples % length:
            parts.append(windows[..., whole * length :].unsqueeze(3))
        return torch.cat([self.cnn(part).flatten(1, 2) for part in parts], dim=1)


class CnnLstm(Network):
    """The published network: (batch, channels, samples) in cm/s^2 -> (batch,), Vs30 in m/s.

    The authors run the LSTM segment by segment and hand its state on; one pass over the concatenated
    segments is the same. For 60 s at 100 Hz in segments of 1 s or 5 s:

    | layer | shape |
    |---|---|
    | `encoder`: `SequenceEncoder` | (batch, 120, 4) |
    | `lstm`: 2 layers, zero initial state; the last step's output | (batch, 256) |
    | `fc`, LeakyReLU (slope 0.01) | (batch,) |

    With 4 channels it has 805,317 parameters.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        segment_samples: length of a segment (paper: 1 to 5 s).
    """

    def __init__(self, channels: int = 4, segment_samples: int = 100) -> None:
        super().__init__()
        self.encoder = SequenceEncoder(channels, segment_samples)
        self.lstm = nn.LSTM(FEATURES, HIDDEN, num_layers=2, batch_first=True)
        self.fc = nn.Linear(HIDDEN, 1)

    @property
    def last(self) -> nn.Linear:
        """The fully connected layer."""
        return self.fc

    def forward(self, windows: Tensor) -> Tensor:
        """Returns Vs30 in m/s, shape (batch,), of windows (batch, channels, samples) float32."""
        states, _ = self.lstm(self.encoder(windows))
        out: Tensor = functional.leaky_relu(self.fc(states[:, -1]))
        return out.squeeze(1)
