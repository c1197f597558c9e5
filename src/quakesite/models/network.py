"""What every network here has: an encoder to transfer, and a linear layer at the end."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import nn


class Network(nn.Module):
    """A network of an `encoder` and what follows it."""

    encoder: nn.Module

    @property
    @abstractmethod
    def last(self) -> nn.Linear:
        """The last layer with weights."""

    def start_at(self, value: float) -> None:
        """Makes the untrained network say about `value` (on its target's scale) for whatever it is given."""
        with torch.no_grad():
            self.last.bias.fill_(value)
