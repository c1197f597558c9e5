"""The shapes that the docstrings state are those that the layers give."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from quakesite.models.attention import AttentionEncoder
from quakesite.models.cnn_lstm import CnnLstm, SegmentEncoder, SequenceEncoder
from quakesite.models.peak_spectra import PeakEncoder
from quakesite.models.resnet import ResNetEncoder, ResNetStftEncoder
from quakesite.models.site_net import SiteEncoder, SiteNet
from quakesite.models.tcn import TcnEncoder, TcnStftEncoder

BATCH, SEGMENTS = 2, 3
MINUTE, QUARTER = (BATCH, 4, 6000), (BATCH, 4, 1500)

NETWORKS: list[tuple[Callable[[], nn.Module], tuple[tuple[int, ...], tuple[int, ...]]]] = [
    (SegmentEncoder, ((BATCH, 4, 100, SEGMENTS), (BATCH, 4, 500, SEGMENTS))),
    (lambda: SequenceEncoder(4, 100), (MINUTE, QUARTER)),
    (CnnLstm, (MINUTE, QUARTER)),
    (lambda: SiteEncoder(4, 100.0), (MINUTE, QUARTER)),
    (lambda: SiteNet(4, 100.0), (MINUTE, QUARTER)),
    (lambda: AttentionEncoder(4, 100.0), (MINUTE, QUARTER)),
    (lambda: PeakEncoder(4, 6000, 100.0), (MINUTE, MINUTE)),
    (lambda: PeakEncoder(4, 1500, 100.0), (QUARTER, QUARTER)),
    (lambda: ResNetEncoder(4), (MINUTE, QUARTER)),
    (lambda: ResNetStftEncoder(4, 100.0), (MINUTE, QUARTER)),
    (lambda: TcnEncoder(4), (MINUTE, QUARTER)),
    (lambda: TcnStftEncoder(4, 100.0), (MINUTE, QUARTER)),
]


def stated(network: nn.Module, column: int) -> dict[str, tuple[int, ...]]:
    """Returns the shapes in a column of the docstring's table, by the layer's name."""
    layers = dict(network.named_modules())
    shapes = {}
    for row in (network.__doc__ or "").splitlines():
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        for name in re.findall(r"`([^`]+)`", cells[0]) if cells else []:
            if name in layers:
                shapes[name] = shape_of(cells[column])
    return shapes


def shape_of(text: str) -> tuple[int, ...]:
    """Returns (2, 32, 48) of `(batch, 32, 48)`, (46, 32) of `(batch*23, 32)`."""
    sizes = text.strip("()").replace("batch", str(BATCH)).replace("n", str(SEGMENTS)).split(",")
    return tuple(math.prod(int(factor) for factor in size.split("*")) for size in sizes)


def given(network: nn.Module, windows: Tensor) -> dict[str, tuple[int, ...]]:
    """Returns the shapes that the layers give for windows, by name."""
    shapes: dict[str, tuple[int, ...]] = {}

    def hook(name: str) -> Callable[..., None]:
        def keep(layer: nn.Module, inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
            shapes[name] = tuple((output if isinstance(output, Tensor) else output[0]).shape)

        return keep

    for name, layer in network.named_modules():
        layer.register_forward_hook(hook(name))
    with torch.no_grad():
        network.eval()(windows)
    return shapes


@pytest.mark.parametrize(
    ("make", "inputs"), NETWORKS, ids=lambda it: type(it()).__name__ if callable(it) else ""
)
def test_the_stated_shapes_are_those_of_the_layers(
    make: Callable[[], nn.Module], inputs: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    network = make()
    for column, shape in enumerate(inputs, start=1):
        expected = stated(network, column)
        assert len(expected) >= 2
        found = given(network, torch.zeros(shape))
        assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("make", "inputs"), NETWORKS, ids=lambda it: type(it()).__name__ if callable(it) else ""
)
def test_every_layer_with_weights_is_stated(
    make: Callable[[], nn.Module], inputs: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    network = make()
    named = set(re.findall(r"`([a-z_.0-9]+)`", network.__doc__ or ""))
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear | nn.LSTM):
            parts = name.split(".")
            assert any(".".join(parts[:depth]) in named for depth in range(1, len(parts) + 1)), name
