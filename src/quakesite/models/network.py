"""What goes into a network, and what every network here has: an encoder to transfer, and a linear end."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Input:
    """What a window is: channels (3 or 4), samples, rate in Hz, and the length of a segment in samples."""

    channels: int
    samples: int
    rate_hz: float
    segment_samples: int


class Network(nn.Module):
    """A network of an `encoder` and what follows it.

    Shapes: (batch, 3 or 4, samples), E, N and Z in cm/s^2 and P/S, -> (batch,) where it has one output, else
    (batch, outputs), on the scale of its target. The first output is the central value.
    """

    encoder: nn.Module

    @property
    @abstractmethod
    def last(self) -> nn.Linear:
        """The last layer with weights."""

    def start_at(self, value: float) -> None:
        """Makes the untrained network's first output about `value` (on its target's scale)."""
        with torch.no_grad():
            self.last.bias[0] = value


class Regressor(Network):
    """An encoder and two fully connected layers: (batch, channels, samples) -> (batch,) or (batch, outputs).

    | layer | shape |
    |---|---|
    | `encoder`, flattened, dropout | (batch, features) |
    | `hidden`, ReLU, dropout | (batch, hidden) |
    | `out` | (batch, outputs) |

    Args:
        encoder: (batch, channels, samples) -> (batch, ...), `features` numbers for each window.
        features: how many numbers the encoder gives for one window.
        outputs: how many numbers the network gives.
        hidden: width of the layer between.
        dropout: part of the features and of the hidden layer that is dropped in training.
    """

    hidden: nn.Linear
    out: nn.Linear
    dropout: nn.Dropout

    def __init__(
        self, encoder: nn.Module, features: int, outputs: int = 1, *, hidden: int = 64, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.hidden, self.out = nn.Linear(features, hidden), nn.Linear(hidden, outputs)
        self.dropout = nn.Dropout(dropout)

    @property
    def last(self) -> nn.Linear:
        """The layer that gives the outputs."""
        return self.out

    def forward(self, windows: Tensor) -> Tensor:
        """Returns the outputs on the target's scale."""
        hidden = self.hidden(self.dropout(self.encoder(windows).flatten(1))).relu()
        return one_or_more(self.out(self.dropout(hidden)))


def one_or_more(outputs: Tensor) -> Tensor:
    """Returns (batch, outputs) as it is, but (batch, 1) as (batch,)."""
    return outputs.squeeze(1) if outputs.shape[1] == 1 else outputs
