"""The published CNN-LSTM: segments through one small CNN, their features through an LSTM to Vs30.

Source: Yilmaz, Akagündüz and Tileylioglu, arXiv 2503.05224, Fig. 2; layer sizes from the published weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.network import Network, one_or_more
from quakesite.models.record_scale import scaling

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

    All n segments of all windows of a batch go through it at once. Each max-pool takes two samples away:

    | layer | segments of 1 s | segments of 5 s |
    |---|---|---|
    | input | (batch, 4, 100, n) | (batch, 4, 500, n) |
    | `convs.0`: conv 3, stride 2; then ReLU, max-pool 3 stride 1 | (batch, 16, 50, n) | (batch, 16, 250, n) |
    | `convs.1`: conv 3, stride 2; then ReLU, max-pool 3 stride 1 | (batch, 32, 24, n) | (batch, 32, 124, n) |
    | `convs.2`: conv 3, stride 4; then ReLU, max-pool 3 stride 1 | (batch, 16, 6, n) | (batch, 16, 31, n) |
    | `convs.3`: conv 3, stride 3; given as (batch, n, steps, 4) | (batch, 4, 2, n) | (batch, 4, 10, n) |
    """

    convs: nn.ModuleList

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        sizes = [channels, *(out for out, _ in LAYERS)]
        self.convs = nn.ModuleList(
            ColumnConv(before, after, stride)
            for before, (after, stride) in zip(sizes[:-1], LAYERS, strict=True)
        )

    def forward(self, segments: Tensor) -> Tensor:
        """Returns the features of each segment: (batch, channels, samples, n) -> (batch, n, steps, 4).

        Channels lie innermost in memory, which is fastest, unless there is one segment alone: on CPUs with
        AVX-512 oneDNN (torch 2.13) writes past its memory where such an image is one sample wide and long.
        """
        many = segments.shape[3] > 1
        features = segments.contiguous(memory_format=torch.channels_last if many else torch.contiguous_format)
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
    """A window as the sequence of its segments' features. For segments of 1 s:

    | layer | 60 s | 15 s |
    |---|---|---|
    | `scale`: record relative to its size, or as it is | (batch, 4, 6000) | (batch, 4, 1500) |
    | `cnn`: each segment; then joined to (batch, 120, 4) | (batch, 60, 2, 4) | (batch, 15, 2, 4) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        segment_samples: length of a segment; a shorter one stands at the end of a window that is no
            multiple of it, as `torch.split` leaves it.
        normalise: give the CNN records relative to their size (`RecordScale`) instead of cm/s^2.

    Raises:
        ValueError: the segment is too short for the CNN.
    """

    scale: nn.Module
    cnn: SegmentEncoder

    def __init__(self, channels: int, segment_samples: int, *, normalise: bool = False) -> None:
        super().__init__()
        if steps_of(segment_samples) < 1:
            raise ValueError(f"a segment of {segment_samples} samples is too short for the network")
        self.scale = scaling(normalise)
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
        windows = self.scale(windows)
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
    segments is the same. For 60 s (15 s) at 100 Hz in segments of 1 s or 5 s:

    | layer | 60 s | 15 s |
    |---|---|---|
    | `encoder`: `SequenceEncoder` | (batch, 120, 4) | (batch, 30, 4) |
    | `lstm`: 2 layers, zero initial state | (batch, 120, 256) | (batch, 30, 256) |
    | `fc`: of the last step, then LeakyReLU (slope 0.01) | (batch, 1) | (batch, 1) |

    With 4 channels it has 805,317 parameters.

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        segment_samples: length of a segment (paper: 1 to 5 s).
        outputs: how many numbers it gives.
        dropout: part of the last step that is dropped in training (published: none).
        normalise: read records relative to their size, not in cm/s^2 (published: no).
        rectified: LeakyReLU at the end, as published; right for m/s, which are positive, and in the way of
            targets that are not.
    """

    encoder: SequenceEncoder
    lstm: nn.LSTM
    fc: nn.Linear
    dropout: nn.Dropout
    rectified: bool

    def __init__(
        self,
        channels: int = 4,
        segment_samples: int = 100,
        *,
        outputs: int = 1,
        dropout: float = 0.0,
        normalise: bool = False,
        rectified: bool = True,
    ) -> None:
        super().__init__()
        self.encoder = SequenceEncoder(channels, segment_samples, normalise=normalise)
        self.lstm = nn.LSTM(FEATURES, HIDDEN, num_layers=2, batch_first=True)
        self.fc = nn.Linear(HIDDEN, outputs)
        self.dropout = nn.Dropout(dropout)
        self.rectified = rectified

    @property
    def last(self) -> nn.Linear:
        """The fully connected layer."""
        return self.fc

    def forward(self, windows: Tensor) -> Tensor:
        """Returns Vs30 in m/s, shape (batch,), of windows (batch, channels, samples) float32."""
        states, _ = self.lstm(self.encoder(windows))
        out = self.fc(self.dropout(states[:, -1]))
        return one_or_more(functional.leaky_relu(out) if self.rectified else out)
