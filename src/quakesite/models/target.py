"""What a network is trained to say: how labels become its scale, and its output labels again."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from quakesite.models.network import Network


class Target(nn.Module):
    """Turns labels into the scale that the loss (mean square) works on, and back.

    Its buffers hold what it learned from the training labels, so that a saved network carries them.
    """

    @abstractmethod
    def encode(self, labels: Tensor) -> Tensor:
        """Returns labels on the network's scale; same shape."""

    @abstractmethod
    def decode(self, output: Tensor) -> Tensor:
        """Returns the network's output as labels; same shape."""

    def errors(self, predicted: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the absolute errors and the errors in per cent, both of shape (batch,)."""
        absolute = (predicted - labels).abs()
        return absolute, 100.0 * absolute / labels


class MetresPerSecond(Target):
    """Vs30 as it is: the authors' choice."""

    def encode(self, labels: Tensor) -> Tensor:
        """Returns Vs30 in m/s."""
        return labels

    def decode(self, output: Tensor) -> Tensor:
        """Returns Vs30 in m/s."""
        return output


class LogVs30(Target):
    """ln Vs30, standardised on the training labels.

    Args:
        labels: Vs30 in m/s to take mean and standard deviation of the logarithm from; None to leave them
            to a state dict.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, labels: Tensor | None = None) -> None:
        super().__init__()
        logs = torch.zeros(1, dtype=torch.float64) if labels is None else labels.double().log()
        std = logs.std(correction=0)
        self.register_buffer("mean", logs.mean().float())
        self.register_buffer("std", torch.where(std > 0, std, torch.ones_like(std)).float())

    def encode(self, labels: Tensor) -> Tensor:
        """Returns the standardised ln Vs30."""
        return (labels.log() - self.mean) / self.std

    def decode(self, output: Tensor) -> Tensor:
        """Returns Vs30 in m/s."""
        return (output * self.std + self.mean).exp()


class Epicentre(Target):
    """The epicentre seen from the station, (batch, 2): km to the east and to the north.

    Args:
        labels: offsets to take the scale (their root mean square, km) from; None to leave it to a state
            dict.
    """

    scale_km: Tensor

    def __init__(self, labels: Tensor | None = None) -> None:
        super().__init__()
        scale = torch.ones(()) if labels is None else labels.double().square().mean().sqrt().clamp(min=1e-3)
        self.register_buffer("scale_km", scale.float())

    def encode(self, labels: Tensor) -> Tensor:
        """Returns the offsets in units of their root mean square."""
        return labels / self.scale_km

    def decode(self, output: Tensor) -> Tensor:
        """Returns the offsets in km."""
        return output * self.scale_km

    def errors(self, predicted: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the mislocations in km, and in per cent of the epicentral distance (at least 1 km)."""
        mislocation = (predicted - labels).norm(dim=1)
        return mislocation, 100.0 * mislocation / labels.norm(dim=1).clamp(min=1.0)


class Predictor(nn.Module):
    """A network and its target: windows (batch, channels, samples) -> labels (m/s, or km)."""

    network: Network
    target: Target

    def __init__(self, network: Network, target: Target) -> None:
        super().__init__()
        self.network, self.target = network, target

    def forward(self, windows: Tensor) -> Tensor:
        """Returns predictions in the labels' unit."""
        return self.target.decode(self.network(windows))
