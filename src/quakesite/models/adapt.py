"""Weights pretrained on three channels for a network of four, and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

CHANNEL_AXIS = 1


def adapt_channels(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the weights of one encoder in the shapes of another with more or fewer input channels.

    3 to 4: the weights of what is new (P/S, always the last inputs) are zero. The adapted encoder gives
    exactly what the one of three channels gave, whatever the marks, and can learn from there to use them,
    since their gradient is not zero. The other custom, the mean of the components' weights, is made for
    colour channels, which resemble each other; P/S is a mark of 0 and 1 and no motion, and would enter as a
    step of acceleration. (The authors' published transfer leaves them at random.) 4 to 3: the weights
    of P/S are dropped, which is the network as it was where nothing is marked.

    Works for all `FAMILIES`: everything but the input layer must have equal shapes. `cnn` and `cnn_lstm`
    share their encoder, so that weights of one fit the other.

    Args:
        state: state dict of the encoder that has learned.
        wanted: state dict of the encoder that is to take it; only its names and shapes are read.

    Raises:
        ValueError: names or other shapes differ: these are weights of another network.
    """
    if set(state) != set(wanted):
        odd = sorted(set(state) ^ set(wanted))
        raise ValueError(f"weights of another network: {', '.join(odd[:4])}")
    return {name: _resized(name, state[name], like) for name, like in wanted.items()}


def _resized(name: str, weights: Tensor, like: Tensor) -> Tensor:
    if weights.shape == like.shape:
        return weights
    others = [_without_channels(tensor) for tensor in (weights, like)]
    if weights.ndim != like.ndim or weights.ndim <= CHANNEL_AXIS or others[0] != others[1]:
        raise ValueError(f"{name} is {tuple(weights.shape)}, not {tuple(like.shape)}")
    extra = like.shape[CHANNEL_AXIS] - weights.shape[CHANNEL_AXIS]
    if extra < 0:
        return weights.narrow(CHANNEL_AXIS, 0, like.shape[CHANNEL_AXIS]).clone()
    shape = list(like.shape)
    shape[CHANNEL_AXIS] = extra
    return torch.cat([weights, weights.new_zeros(shape)], dim=CHANNEL_AXIS)


def _without_channels(weights: Tensor) -> list[int]:
    return [size for axis, size in enumerate(weights.shape) if axis != CHANNEL_AXIS]
