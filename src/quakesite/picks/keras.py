"""EQTransformer's weights as its authors published them (Keras, HDF5), under SeisBench's names.

Mousavi et al. (2020), https://doi.org/10.1038/s41467-020-17591-w. Keras numbers its layers in the order in
which the network was built, SeisBench names them by their place in it; both are walked through together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError

Array = npt.NDArray[np.float32]
Layer = dict[str, Array]
State = dict[str, Array]

COMPONENT_ORDER = "ENZ"
"""Order of the components that the Keras network takes."""

DEPTH = 7
"""Convolutions in the encoder, residual blocks, convolutions in each decoder."""

LSTM_BLOCKS = 3


def read_keras(path: str | Path) -> State:
    """Returns the arrays of `EqT_model.h5` under the names of SeisBench's `EQTransformer`.

    The first convolution takes components in the order `COMPONENT_ORDER`.

    Raises:
        InputError: the file is not HDF5 or does not hold EQTransformer.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            layers = {name: dict(_arrays(group)) for name, group in file["model_weights"].items()}
        state = dict(_mapped(layers))
    except (KeyError, OSError) as error:
        raise InputError(path, str(error), expected="EQTransformer as saved by Keras") from error
    unused = sum(len(arrays) for arrays in layers.values())
    if unused:
        raise InputError(path, f"{unused} arrays that EQTransformer does not have", expected="EqT_model.h5")
    return state


def _arrays(group: object) -> Iterator[tuple[str, Array]]:
    """Yields a layer's arrays by their last name: `kernel`, `gamma`, `Wx`, or `forward.kernel`."""
    import h5py

    assert isinstance(group, h5py.Group)
    found: list[tuple[str, Array]] = []

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            last = name.rpartition("/")[2].partition(":")[0]
            short = last if "kernel" in last else last.rpartition("_")[2]
            if last.startswith("moving_"):
                short = last
            directions = [d for d in ("forward", "backward") if f"/{d}_" in f"/{name}"]
            found.append((".".join([*directions, short]), item[()]))

    group.visititems(visit)
    yield from found


def _mapped(layers: dict[str, Layer]) -> Iterator[tuple[str, Array]]:
    convolution, batch_norm, layer_norm = (count(1) for _ in range(3))

    def take(layer: str, array: str) -> Array:
        return layers[layer].pop(array)

    def conv(target: str, layer: str | None = None) -> Iterator[tuple[str, Array]]:
        layer = layer or f"conv1d_{next(convolution)}"
        yield f"{target}.weight", take(layer, "kernel").transpose(2, 1, 0)
        yield f"{target}.bias", take(layer, "bias")

    def norm(target: str) -> Iterator[tuple[str, Array]]:
        layer = f"batch_normalization_{next(batch_norm)}"
        yield f"{target}.weight", take(layer, "gamma")
        yield f"{target}.bias", take(layer, "beta")
        yield f"{target}.running_mean", take(layer, "moving_mean")
        yield f"{target}.running_var", take(layer, "moving_variance")

    def lstm(target: str, layer: str, direction: str = "") -> Iterator[tuple[str, Array]]:
        # Both libraries order the gates input, forget, cell, output; Keras has one bias, PyTorch two.
        bias = take(layer, f"{direction}bias")
        yield f"{target}.weight_ih", take(layer, f"{direction}kernel").T
        yield f"{target}.weight_hh", take(layer, f"{direction}recurrent_kernel").T
        yield f"{target}.bias_ih", bias
        yield f"{target}.bias_hh", np.zeros_like(bias)

    def attention(target: str, layer: str) -> Iterator[tuple[str, Array]]:
        for array in ("Wx", "Wt", "bh", "Wa", "ba"):
            yield f"{target}.{array}", take(layer, array)

    def transformer(target: str, layer: str, block: int) -> Iterator[tuple[str, Array]]:
        yield from attention(f"{target}.attention", layer)
        for name in ("norm1", "norm2"):
            source = f"layer_normalization_{next(layer_norm)}"
            for array in ("gamma", "beta"):
                yield f"{target}.{name}.{array}", take(source, array)[:, None]
        for linear in (1, 2):
            yield f"{target}.ff.lin{linear}.weight", take(f"feed_forward_{block}", f"W{linear}").T
            yield f"{target}.ff.lin{linear}.bias", take(f"feed_forward_{block}", f"b{linear}")

    for i in range(DEPTH):
        yield from conv(f"encoder.convs.{i}")
    for i in range(DEPTH):
        for half in (1, 2):
            yield from norm(f"res_cnn_stack.members.{i}.norm{half}")
            yield from conv(f"res_cnn_stack.members.{i}.conv{half}")
    for i in range(LSTM_BLOCKS):
        block = f"bi_lstm_stack.members.{i}"
        yield from lstm(f"{block}.lstm.cell_f", f"bidirectional_{i + 1}", "forward.")
        yield from lstm(f"{block}.lstm.cell_b", f"bidirectional_{i + 1}", "backward.")
        yield from conv(f"{block}.conv")
        yield from norm(f"{block}.norm")
    yield from transformer("transformer_d0", "attentionD0", 1)
    yield from transformer("transformer_d", "attentionD", 2)
    for i in range(DEPTH):
        yield from conv(f"decoder_d.convs.{i}")
    yield from conv("conv_d", "detector")
    for branch, phase in enumerate("PS"):
        yield from lstm(f"pick_lstms.{branch}.cell_f", f"lstm_{LSTM_BLOCKS + 1 + branch}")
        yield from attention(f"pick_attentions.{branch}", f"attention{phase}")
        for i in range(DEPTH):
            yield from conv(f"pick_decoders.{branch}.convs.{i}")
        yield from conv(f"pick_convs.{branch}", f"picker_{phase}")
