"""What a network is trained to say: how labels become its scale, its loss there, and its output labels again.

Adding one: a class here, and its name in `TARGETS`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

from quakesite.models.network import Network

NORMAL_95 = 1.6448536269514722
"""The standard normal's 95 % point: 90 % lie within so many standard deviations."""

SMALLEST_SIGMA_LN = 0.05
"""Least standard deviation of ln Vs30 that a network may claim: no site is known better than 5 %."""

ROUNDED_WITHIN = 0.05
"""Relative error below which `RelativeVs30` is a parabola rather than a corner."""

STEEPEST_LN = 1.0
"""ln of predicted / measured above which `RelativeVs30` goes on in a straight line."""

QUANTILES = (0.50, 0.05, 0.95)
"""What `QuantileLogVs30` predicts; the median first, as of all targets the central value."""


class Target(nn.Module):
    """Turns labels into the scale that the loss works on, and a network's outputs back into labels.

    Its buffers hold what it learned from the training labels, so that a saved network carries them.

    Attributes:
        outputs: how many numbers the network has to give for one window.
    """

    outputs: int = 1

    @abstractmethod
    def encode(self, labels: Tensor) -> Tensor:
        """Returns labels on the network's scale; same shape."""

    @abstractmethod
    def decode(self, output: Tensor) -> Tensor:
        """Returns what the network's output says the labels are; the labels' shape."""

    def each(self, output: Tensor, labels: Tensor) -> Tensor:
        """Returns the loss of each window, (batch,): here the squared error on the network's scale."""
        squared = (output - self.encode(labels)).square()
        return squared if squared.ndim == 1 else squared.flatten(1).mean(dim=1)

    def loss(self, output: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
        """Returns the loss of a batch, to be minimised: the mean over its windows.

        Args:
            output: what the network gave.
            labels: in their own unit, not encoded.
            weights: what each window counts for, (batch,), mean 1 over all windows; None: all alike.
        """
        each = self.each(output, labels)
        return (each if weights is None else weights * each).mean()

    def interval(self, output: Tensor) -> tuple[Tensor, Tensor] | None:
        """Returns the 5 % and 95 % points in the labels' unit, (batch,) each; None where none is learned."""
        return None

    def errors(self, predicted: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the absolute errors and the errors in per cent, both of shape (batch,)."""
        absolute = (predicted - labels).abs()
        return absolute, 100.0 * absolute / labels


class MetresPerSecond(Target):
    """Vs30 as it is, by the mean square: the authors' choice.

    Args:
        labels: not used; all targets are made alike.
    """

    def __init__(self, labels: Tensor | None = None) -> None:
        super().__init__()

    def encode(self, labels: Tensor) -> Tensor:
        """Returns Vs30 in m/s."""
        return labels

    def decode(self, output: Tensor) -> Tensor:
        """Returns Vs30 in m/s."""
        return output


class LogVs30(Target):
    """ln Vs30, standardised on the training labels, by the mean square.

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


class RelativeVs30(LogVs30):
    """Standardised ln Vs30 by the error that is judged, |predicted / measured - 1|.

    With d = ln(predicted / measured) a window costs |exp(d) - 1|, smoothed in two places. Around zero, where
    it has a corner, r = exp(d) - 1 costs sqrt(r^2 + e^2) - e with e = 0.05 (Charbonnier), a parabola up to
    errors of about 5 %. Above d = 1, 2.7 times too high, it follows its tangent: the exponential would
    throw a network off that starts badly.

    An estimate too high by a factor costs more than one too low by the same (+100 % against -50 %), so where
    Vs30 is uncertain the least cost is below its median. The judged error shares that lean. The scale's
    zero, where an untrained network about stands, is therefore not the mean of the training labels but the
    constant of least error on them: their median, each weighted by 1 / Vs30.
    """

    def __init__(self, labels: Tensor | None = None) -> None:
        super().__init__(labels)
        if labels is not None:
            ordered = labels.double().sort().values
            shares = (1 / ordered).cumsum(dim=0)
            middle = int(torch.searchsorted(shares, 0.5 * shares[-1]))
            self.mean.copy_(ordered[middle].log())

    def each(self, output: Tensor, labels: Tensor) -> Tensor:
        """Returns the relative error of each window, smoothed; (batch,)."""
        log_ratio = (output - self.encode(labels)) * self.std
        near = log_ratio.clamp(max=STEEPEST_LN)
        relative = near.exp() - 1 + math.exp(STEEPEST_LN) * (log_ratio - near)
        return (relative.square() + ROUNDED_WITHIN**2).sqrt() - ROUNDED_WITHIN


class GaussianLogVs30(LogVs30):
    """Mean and standard deviation of ln Vs30, by the negative log-likelihood of a normal distribution.

    Outputs: the mean, standardised, and a number s that makes the standard deviation, in ln units
    0.05 + std * softplus(s + 0.54): positive, at least 5 % (else one window learned by heart drives it to
    zero and the loss to minus infinity), and 0.05 more than the labels' own where s = 0. Source of the loss:
    Nix and Weigend (1994), "Estimating the mean and variance of the target probability distribution".
    """

    outputs = 2

    def _sigma(self, output: Tensor) -> Tensor:
        """Returns the standard deviation on the network's scale."""
        return SMALLEST_SIGMA_LN / self.std + functional.softplus(output[:, 1] + _softplus_inverse(1.0))

    def decode(self, output: Tensor) -> Tensor:
        """Returns the median Vs30 in m/s, (batch,)."""
        return super().decode(output[:, 0])

    def each(self, output: Tensor, labels: Tensor) -> Tensor:
        """Returns the negative log-likelihood of each window but for a constant; (batch,)."""
        sigma = self._sigma(output)
        return 0.5 * ((output[:, 0] - self.encode(labels)) / sigma).square() + sigma.log()

    def interval(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the 5 % and 95 % points of Vs30 in m/s."""
        half = NORMAL_95 * self._sigma(output)
        return super().decode(output[:, 0] - half), super().decode(output[:, 0] + half)


class QuantileLogVs30(LogVs30):
    """The 5 %, 50 % and 95 % points of ln Vs30, by the pinball loss (Koenker and Bassett 1978).

    Outputs: the median, standardised, and two numbers that make the distances to the 5 % and the 95 % point,
    softplus(. + 1.43): never negative, so that quantiles cannot cross, and a normal distribution's where
    they are 0.
    """

    outputs = len(QUANTILES)

    def _quantiles(self, output: Tensor) -> Tensor:
        """Returns the quantiles on the network's scale, (batch, 3), in the order of `QUANTILES`."""
        median = output[:, 0]
        below, above = functional.softplus(output[:, 1:] + _softplus_inverse(NORMAL_95)).unbind(dim=1)
        return torch.stack([median, median - below, median + above], dim=1)

    def decode(self, output: Tensor) -> Tensor:
        """Returns the median Vs30 in m/s, (batch,)."""
        return super().decode(output[:, 0])

    def each(self, output: Tensor, labels: Tensor) -> Tensor:
        """Returns the mean pinball loss of each window's quantiles; (batch,)."""
        above = self.encode(labels)[:, None] - self._quantiles(output)
        share = above.new_tensor(QUANTILES)
        return torch.maximum(share * above, (share - 1) * above).mean(dim=1)

    def interval(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the 5 % and 95 % points of Vs30 in m/s."""
        quantiles = self._quantiles(output)
        return super().decode(quantiles[:, 1]), super().decode(quantiles[:, 2])


def _softplus_inverse(value: float) -> float:
    return math.log(math.expm1(value))


TARGETS: Mapping[str, Callable[[Tensor | None], Target]] = MappingProxyType(
    {
        "m_s": MetresPerSecond,
        "ln": LogVs30,
        "percent": RelativeVs30,
        "gaussian": GaussianLogVs30,
        "quantile": QuantileLogVs30,
    }
)
"""What can be learned of Vs30, by name: each is made from the training labels in m/s, or from None."""


class Epicentre(Target):
    """The epicentre seen from the station, (batch, 2): km to the east and to the north.

    Args:
        labels: offsets to take the scale (their root mean square, km) from; None to leave it to a state
            dict.
    """

    outputs = 2
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

    def with_interval(self, windows: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        """Returns predictions, and their 5 % and 95 % points where there are any, in the labels' unit."""
        output = self.network(windows)
        return self.target.decode(output), self.target.interval(output)
