"""A network's weights: the same bytes on disk, wherever they came from."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.picks.networks import EQTRANSFORMER, NETWORKS
from quakesite.tables import atomic_path

if TYPE_CHECKING:
    from seisbench.models import WaveformModel

USUAL = "original"
ORIGINAL_SHA256 = "a94ee04f8c2dcedeb9a25a16691a8c2c43714bebb71e4eb42533a174a544ffa5"
"""Of the file that `write_weights` makes of the authors' "original" (conservative) weights."""

ORIGINAL_ARGS: dict[str, Any] = {
    "classes": 2,
    "component_order": "ZNE",
    "filter_args": ["bandpass"],
    "filter_kwargs": {"corners": 2, "freqmax": 45, "freqmin": 1, "zerophase": True},
    "in_channels": 3,
    "in_samples": 6000,
    "lstm_blocks": 3,
    "norm": "std",
    "original_compatible": "conservative",
    "phases": "PS",
    "sampling_rate": 100,
}
"""What SeisBench's `EQTransformer` is built with to hold the "original" weights."""

FILE_NAME = re.compile(r"(.+)\.pt(?:\.v(\d+(?:\.\d+)*))?")
COMPONENT_ORDER = "ZNE"
FIRST_CONVOLUTION = "encoder.convs.0.weight"
TRAINING_ARGS = ("drop_rate", "grouping", "allow_padding")  # without effect on picks
NOISE = "num_batches_tracked"
OURS = ("overlap", "_threshold", "batch_size")  # arguments of `annotate` that are settings here
METADATA_KEY = "seisbench"


@dataclass(frozen=True)
class Weights:
    """A network's arrays by SeisBench's names, and what SeisBench builds it with.

    Attributes:
        state: the arrays.
        model_args: arguments of the network's class.
        network: a key of `NETWORKS`.
        default_args: the weights' own arguments of `annotate` (blind margins, stacking).
        name: what they are called: SeisBench's name, or that of the file they were read from.
    """

    state: Mapping[str, npt.NDArray[Any]]
    model_args: Mapping[str, Any]
    network: str = EQTRANSFORMER
    default_args: Mapping[str, Any] = field(default_factory=dict)
    name: str = USUAL

    def canonical(self) -> Weights:
        """Returns the same network without what picks do not need, arrays and arguments in fixed order.

        EQTransformer's components come in the order Z, N, E, and its settings of `annotate` are left to
        SeisBench: so its "original" weights are the same bytes from every origin.
        """
        if self.network != EQTRANSFORMER:
            state = {
                name: np.ascontiguousarray(array)
                for name, array in sorted(self.state.items())
                if not name.endswith(NOISE)
            }
            args = {key: value for key, value in self.model_args.items() if key not in TRAINING_ARGS}
            ours = {key: value for key, value in self.default_args.items() if not key.endswith(OURS)}
            return Weights(state, args, self.network, ours, self.name)
        args = ORIGINAL_ARGS | {"filter_args": None, "filter_kwargs": None, "original_compatible": False}
        args |= {key: value for key, value in self.model_args.items() if key not in TRAINING_ARGS}
        args = {key: value for key, value in args.items() if key in ORIGINAL_ARGS or value}
        args["phases"] = "".join(args["phases"])
        state = {
            name: np.ascontiguousarray(array, dtype=np.float32)
            for name, array in sorted(self.state.items())
            if not name.endswith(NOISE)
        }
        order = [args["component_order"].index(component) for component in COMPONENT_ORDER]
        if FIRST_CONVOLUTION in state:
            state[FIRST_CONVOLUTION] = np.ascontiguousarray(state[FIRST_CONVOLUTION][:, order])
        args["component_order"] = COMPONENT_ORDER
        return Weights(state, args, name=self.name)


def read_seisbench(path: str | Path, network: str = EQTRANSFORMER) -> Weights:
    """Returns the weights in SeisBench's form: `original.pt.v3` with `original.json.v3` beside it.

    Args:
        path: the folder of the two files (the highest version is taken; it must not hold weights of several
            names), or the `.pt` file itself.
        network: which network they are of.

    Raises:
        InputError: the files are not there, or hold something else. Nothing but tensors is unpickled.
    """
    import torch

    path = Path(path)
    tensors = newest_version(path) if path.is_dir() else path
    if tensors is None or not FILE_NAME.fullmatch(tensors.name):
        raise InputError(path, "no weights here", expected="original.pt.v3 with original.json.v3 beside it")
    description = tensors.with_name(re.sub(r"\.pt(?=$|\.v)", ".json", tensors.name))
    try:
        about = json.loads(description.read_text(encoding="utf-8"))
        args, default_args = about["model_args"], about.get("default_args") or {}
        state = torch.load(tensors, map_location="cpu", weights_only=True)
        arrays = {name: tensor.numpy() for name, tensor in state.items()}
    except (
        OSError,
        KeyError,
        ValueError,
        AttributeError,
        RuntimeError,
        EOFError,
        pickle.UnpicklingError,
    ) as error:
        message = f"cannot be read: {(str(error) or type(error).__name__).splitlines()[0]}"
        raise InputError(tensors, message, expected="weights in SeisBench's form") from error
    return Weights(arrays, args, network, default_args, _name_of(tensors))


def newest_version(folder: Path, name: str | None = None) -> Path | None:
    """Returns the weights of the highest version in `folder`, if there are any.

    Args:
        folder: where to look.
        name: which weights, e.g. `original`; None: those that are there.

    Raises:
        InputError: no name is given, and there are weights of several.
    """
    found = [
        (match[1], tuple(int(part) for part in (match[2] or "0").split(".")), file)
        for file in folder.glob("*.pt*")
        if (match := FILE_NAME.fullmatch(file.name)) and name in (None, match[1])
    ]
    names = sorted({one for one, _, _ in found})
    if len(names) > 1:
        raise InputError(
            folder, f"weights {', '.join(names)}", action="name the .pt file instead of the folder"
        )
    return max(found)[2] if found else None


def write_weights(weights: Weights, target: str | Path) -> str:
    """Writes `weights` in their canonical form to `target` (safetensors); returns the file's sha256."""
    content = serialised(weights)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def serialised(weights: Weights) -> bytes:
    """Returns the safetensors bytes of the canonical form: equal networks give equal bytes."""
    from safetensors.numpy import save

    weights = weights.canonical()
    # One metadata key only: safetensors writes several in random order.
    about: dict[str, Any] = {NETWORKS[weights.network].seisbench: weights.model_args}
    if weights.default_args:
        about["default_args"] = weights.default_args
    if (weights.network, weights.name) != (EQTRANSFORMER, USUAL):
        about["name"] = weights.name  # the usual weights have the bytes they always had
    metadata = {METADATA_KEY: json.dumps(about, sort_keys=True)}
    return save(dict(weights.state), metadata=metadata)


def read_weights(path: str | Path) -> Weights:
    """Returns the weights that `write_weights` wrote to `path`.

    Raises:
        InputError: the file is not there, or not of that form.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads(file.metadata()[METADATA_KEY])
            called = about.get("name", "")
            network, args = next(
                (name, about[one.seisbench]) for name, one in NETWORKS.items() if one.seisbench in about
            )
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            usual = USUAL if network == EQTRANSFORMER else Path(path).stem
            return Weights(state, args, network, about.get("default_args", {}), called or usual)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise InputError(
            path,
            f"cannot be read ({error})",
            expected="weights as written by `quakesite picks weights`",
            action="delete the file and run again",
        ) from error


def weights_name(path: str | Path) -> str:
    """Returns what the weights at `path` are called: `original`, `stead`, or the file they came from."""
    return read_weights(path).name


def _name_of(file: Path) -> str:
    """Returns the name of weights from their file's, `stead` of `stead.pt.v2`."""
    match = FILE_NAME.fullmatch(file.name)
    return match[1] if match else file.stem


def load_network(path: str | Path, *, plain: bool = False) -> WaveformModel:
    """Returns SeisBench's network with the weights at `path`, ready to predict.

    Args:
        path: the weights, as `write_weights` writes them.
        plain: whether EQTransformer's decoders stay as SeisBench has them, instead of `polyphase.folded`.

    Raises:
        InputError: the file is not of the form that `write_weights` writes, or does not fit the network.
    """
    import seisbench.models
    import torch

    weights = read_weights(path)
    name = NETWORKS[weights.network].seisbench
    try:
        model: WaveformModel = getattr(seisbench.models, name)(**weights.model_args)
        model.default_args.update(_as_seisbench_has_them(weights.default_args))
        tensors = {name: torch.from_numpy(array.copy()) for name, array in weights.state.items()}
        missing, unexpected = model.load_state_dict(tensors, strict=False)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            path, (str(error) or type(error).__name__).splitlines()[0], expected=f"the weights of {name}"
        ) from error
    missing = [name for name in missing if not name.endswith(NOISE)]
    if missing or unexpected:
        wrong = f"{len(missing)} arrays missing, {len(unexpected)} unknown"
        raise InputError(path, wrong, expected=f"the weights of {name}")
    if plain:
        return model.eval()
    from quakesite.picks.polyphase import folded

    return folded(model)


def _as_seisbench_has_them(default_args: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments as they were before JSON made lists of their tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in default_args.items()}
