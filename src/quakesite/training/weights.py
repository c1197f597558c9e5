"""Weights on disk: safetensors, with what is needed to build their network again in the header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from quakesite.errors import InputError
from quakesite.models.adapt import adapt_channels
from quakesite.models.network import Input
from quakesite.models.target import Predictor
from quakesite.tensor_file import read_tensors, write_tensors
from quakesite.training.presets import Model
from quakesite.windows.schema import Description


def write_weights(tensors: Mapping[str, Tensor], about: Mapping[str, Any], target: str | Path) -> None:
    """Writes tensors and `about` (anything JSON) to `target` atomically; no tensors make a header alone."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_tensors(contiguous, about, target, "pt")


def read_weights(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Returns the tensors at `path` and what its header says about them.

    Raises:
        InputError: it is no file of `write_weights`.
    """
    return read_tensors(path, "pt", "quakesite training")


def describe(preset: str, model: Model, windows: Input, cut_as: Description | None = None) -> dict[str, Any]:
    """Returns what a header has to say for `load_trained` to build the network.

    Args:
        preset: whose choices the training began with.
        model: which network says what.
        windows: what goes in.
        cut_as: how the windows were cut, so that others can be cut likewise; None leaves it out.
    """
    about: dict[str, Any] = {"preset": preset, "model": asdict(model), "input": asdict(windows)}
    return about if cut_as is None else about | {"windows": asdict(cut_as)}


def load_trained(path: str | Path) -> Predictor:
    """Returns a trained network in evaluation mode: windows (batch, channels, samples) -> Vs30 in m/s.

    Raises:
        InputError: `path` is no `model.safetensors`, or one without weights (its data were missing).
    """
    tensors, about = read_weights(path)
    if not tensors:
        raise InputError(path, "no weights: there were no data to train on")
    predictor = Model.from_header(about).predictor(Input(**about["input"]), None)
    _load(predictor, tensors, path)
    return predictor.eval()


def transfer(encoder: nn.Module, path: str | Path, model: Model, *, channels: int | None = None) -> bool:
    """Gives `encoder` the weights pretrained at `path`; False where there are none in it.

    Args:
        encoder: of the network that is to be trained.
        path: a file of `quakesite training pretrain`.
        model: which network it is of.
        channels: adapt the weights to so many channels where they are for others (`adapt_channels`); None:
            they have to fit.

    Raises:
        InputError: they are weights of another network or of another number of channels.
    """
    tensors, about = read_weights(path)
    if not tensors:
        return False
    pretrained = Model.from_header(about)
    for field in ("network", "normalise"):
        found, expected = getattr(pretrained, field), getattr(model, field)
        if found != expected:
            raise InputError(path, str(found), field=field, expected=str(expected), action="pretrain again")
    if channels is not None and channels != about["input"]["channels"]:
        try:
            tensors = adapt_channels(tensors, encoder.state_dict())
        except ValueError as error:
            raise InputError(path, str(error), expected="weights of this network") from error
    _load(encoder, tensors, path)
    return True


def _load(module: nn.Module, tensors: Mapping[str, Tensor], path: str | Path) -> None:
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise InputError(
            path,
            " ".join(str(error).split()),
            expected="weights of this network",
            action="train again, or use the version of quakesite that wrote them",
        ) from error
