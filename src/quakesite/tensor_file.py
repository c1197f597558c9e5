"""Safetensors files whose header says as JSON what their tensors are. Reading one executes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from quakesite.errors import InputError
from quakesite.tables import atomic_path

HEADER = "quakesite"


def write_tensors(
    tensors: Mapping[str, Any], about: Mapping[str, Any], target: str | Path, kind: Literal["pt", "np"]
) -> None:
    """Writes contiguous tensors and `about` (anything JSON) to `target` atomically.

    Args:
        tensors: by name; none make a header alone.
        about: what they are.
        target: the file.
        kind: `pt` for PyTorch's tensors, `np` for NumPy's arrays.
    """
    from safetensors import numpy

    header = {HEADER: json.dumps(about, sort_keys=True)}
    if kind == "pt":
        from safetensors import torch

        content = torch.save(dict(tensors), metadata=header)
    else:
        content = numpy.save(dict(tensors), metadata=header)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def read_tensors(
    path: str | Path, kind: Literal["pt", "np"], writer: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the tensors at `path` and what its header says about them.

    Args:
        path: the file.
        kind: as for `write_tensors`.
        writer: the command that writes such files, for the message.

    Raises:
        InputError: it is no file of `write_tensors`.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, kind) as file:
            header = (file.metadata() or {}).get(HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise InputError(path, f"cannot be read ({error})", expected="a safetensors file") from error
    if header is None:
        raise InputError(path, "no header", field=HEADER, expected=f"a file of `{writer}`")
    return tensors, json.loads(header)
