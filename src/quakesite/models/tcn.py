"""Temporal convolutional networks: dilated causal convolutions over time samples, or spectrograms.

Source: Yilmaz et al. 2024 (arXiv 2408.14962), "dilated and causal convolutional layers", and the group's
published code: a 1x1 convolution; blocks of two causal convolutions each with batch normalisation and ReLU,
dilations 1, 2, 4, 8, 16, 32, a 1x1 convolution as the way round them; the sum of all blocks' outputs is read
(spectrogram: of those after the third, the first three halve the frequencies). Our choices:

- 32 channels (theirs: 64), so that they train on a CPU;
- kernels of 4 steps (time; theirs are not stated) and 3 x 3 (spectrogram);
- over time, the first convolution reads 8 samples in steps of 4 instead of one sample: a quarter of the
  operations, and the last block sees 379 steps, 15.2 s at 100 Hz, where it would see 3.8 s;
- the sum is averaged over eighths of the time. Theirs is read at the last step, which for a window
  centred on the PGA is coda, and nothing that a kernel does not reach from there;
- no station coordinates are given to the fully connected layers: these would name the station.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.bins import BinMeans, require_samples
from quakesite.models.record_scale import scaling
from quakesite.models.stft import Spectrogram

WIDTH = 32
DILATIONS = (1, 2, 4, 8, 16, 32)
KERNEL = 4
STEM_KERNEL, STEM_STRIDE = 8, 4
HALVED = 3
"""How many of the first blocks halve the frequencies of a spectrogram."""
TIME_BINS = 8
SPECTROGRAM_BINS = (4, 3)


class CausalConv1d(nn.Conv1d):
    """A dilated convolution in which no step sees a later one.

    Shapes: (batch, channels, time) -> the same.
    """

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__(width, width, KERNEL, dilation=dilation, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """Returns the convolution."""
        return super().forward(functional.pad(input, ((KERNEL - 1) * self.dilation[0], 0)))


class CausalConv2d(nn.Conv2d):
    """A dilated convolution in which no frame sees a later one; along frequency it is centred.

    Shapes: (batch, channels, frames, frequencies) -> the same.
    """

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__(width, width, 3, dilation=(dilation, 1), bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """Returns the convolution."""
        return super().forward(functional.pad(input, (1, 1, 2 * self.dilation[0], 0)))


class TcnBlock(nn.Module):
    """Two causal convolutions, and a 1x1 convolution round them.

    Shapes: (batch, channels, ...) -> twice the same: the convolutions' output, and that plus the way round
    them, which the next block reads.

    Args:
        causal: makes a causal convolution.
        norm: makes its batch normalisation.
        around: makes the way round; None for the last block, after which nothing reads.
    """

    def __init__(
        self,
        causal: Callable[[], nn.Module],
        norm: Callable[[], nn.Module],
        around: Callable[[], nn.Module] | None,
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(causal(), norm(), nn.ReLU(), causal(), norm(), nn.ReLU())
        self.around = None if around is None else around()

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output to be summed, and the input of the next block."""
        out: Tensor = self.body(features)
        return out, out if self.around is None else out + self.around(features)


class TcnEncoder(nn.Module):
    """The TCN over time samples.

    | layer | 60 s | 15 s |
    |---|---|---|
    | `scale`: record relative to its size, or as it is | (batch, 4, 6000) | (batch, 4, 1500) |
    | `stem`: conv 8, stride 4 | (batch, 32, 1499) | (batch, 32, 374) |
    | `blocks.0`, `blocks.1`: dilations 1, 2 | (batch, 32, 1499) | (batch, 32, 374) |
    | `blocks.2`, `blocks.3`, `blocks.4`: dilations 4 to 16 | (batch, 32, 1499) | (batch, 32, 374) |
    | `blocks.5`: dilation 32; the sum of all blocks | (batch, 32, 1499) | (batch, 32, 374) |
    | `pool`: mean over eighths of the time; flattened | (batch, 32, 8) | (batch, 32, 8) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        normalise: read records relative to their size, not in cm/s^2.
        width: channels of all convolutions (theirs: 64).
    """

    def __init__(self, channels: int, *, normalise: bool = True, width: int = WIDTH) -> None:
        super().__init__()
        self.scale = scaling(normalise)
        self.stem = nn.Conv1d(channels, width, STEM_KERNEL, stride=STEM_STRIDE)
        self.blocks = nn.ModuleList(
            TcnBlock(
                partial(CausalConv1d, width, dilation),
                partial(nn.BatchNorm1d, width),
                None if dilation == DILATIONS[-1] else partial(nn.Conv1d, width, width, 1),
            )
            for dilation in DILATIONS
        )
        self.pool = BinMeans(TIME_BINS)
        self.features = width * TIME_BINS

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 256)."""
        require_samples(windows, STEM_KERNEL + STEM_STRIDE * (TIME_BINS - 1))
        following = self.stem(self.scale(windows))
        outputs: list[Tensor] = []
        for block in self.blocks:
            out, following = block(following)
            outputs.append(out)
        pooled: Tensor = self.pool(sum(outputs[1:], outputs[0])).flatten(1)
        return pooled


class TcnStftEncoder(nn.Module):
    """The TCN over spectrograms: frames of 1 s, 0.5 s apart; causal along time, centred along frequency.

    | layer | 60 s | 15 s |
    |---|---|---|
    | `spectrogram` | (batch, 4, 119, 51) | (batch, 4, 29, 51) |
    | `stem`: conv 1x1 | (batch, 32, 119, 51) | (batch, 32, 29, 51) |
    | `blocks.0`: dilation 1, then max-pool 1x2 | (batch, 32, 119, 51) | (batch, 32, 29, 51) |
    | `blocks.1`: dilation 2, then max-pool 1x2 | (batch, 32, 119, 25) | (batch, 32, 29, 25) |
    | `blocks.2`: dilation 4, then max-pool 1x2 | (batch, 32, 119, 12) | (batch, 32, 29, 12) |
    | `blocks.3`, `blocks.4`: dilations 8, 16 | (batch, 32, 119, 6) | (batch, 32, 29, 6) |
    | `blocks.5`: dilation 32; the sum of the last three | (batch, 32, 119, 6) | (batch, 32, 29, 6) |
    | `pool`: mean over a grid; flattened | (batch, 32, 4, 3) | (batch, 32, 4, 3) |

    Args:
        channels: 3 (E, N, Z) or 4 (with P/S).
        rate_hz: sampling rate.
        normalise: logarithms relative to the record's size, instead of magnitudes in cm/s^2.
        width: channels of all convolutions (theirs: 64).
    """

    def __init__(self, channels: int, rate_hz: float, *, normalise: bool = True, width: int = WIDTH) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(rate_hz, normalise=normalise)
        self.stem = nn.Conv2d(channels, width, 1)
        self.blocks = nn.ModuleList(
            TcnBlock(
                partial(CausalConv2d, width, dilation),
                partial(nn.BatchNorm2d, width),
                None if dilation == DILATIONS[-1] else partial(nn.Conv2d, width, width, 1),
            )
            for dilation in DILATIONS
        )
        self.pool = BinMeans(*SPECTROGRAM_BINS)
        self.features = width * SPECTROGRAM_BINS[0] * SPECTROGRAM_BINS[1]

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the features of each window: (batch, channels, samples) -> (batch, 384)."""
        require_samples(windows, self.spectrogram.samples(SPECTROGRAM_BINS[0]))
        following = self.stem(self.spectrogram(windows))
        outputs: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            out, following = block(following)
            if index < HALVED:
                following = functional.max_pool2d(following, (1, 2))
            else:
                outputs.append(out)
        pooled: Tensor = self.pool(sum(outputs[1:], outputs[0])).flatten(1)
        return pooled
