"""Python, the packages, and what there is to train on."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from quakesite.config import Config
from quakesite.doctor.finding import Finding, failed, ok, warning

PACKAGE = "quakesite"
INSTALL = "pip install --constraint envs/constraints.txt --editable . (or use python3 envs/run.py)"
NVIDIA = (Path("/dev/nvidiactl"), Path("/proc/driver/nvidia/version"))


def check_python(version: str | None = None, wanted: str | None = None) -> Finding:
    """Checks the interpreter's version against the range in the package's metadata.

    Args:
        version: instead of this interpreter's.
        wanted: instead of the installed package's.
    """
    version = version or platform.python_version()
    if wanted is None:
        try:
            wanted = metadata.metadata(PACKAGE)["Requires-Python"] or ""
        except metadata.PackageNotFoundError:
            return warning("python", f"{version}; quakesite is not installed, only on the path", INSTALL)
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        return failed("python", f"{version}, and {wanted} is needed", "make a new environment: envs/run.py")
    return ok("python", f"{version} ({sys.executable})")


def check_packages(requirements: Iterable[str] | None = None) -> Finding:
    """Checks the installed packages' versions against the ranges in the package's metadata.

    Args:
        requirements: instead of the installed package's own.
    """
    if requirements is None:
        try:
            requirements = metadata.requires(PACKAGE) or ()
        except metadata.PackageNotFoundError:
            return warning("packages", "unknown: quakesite is not installed, only on the path", INSTALL)
    needed = [one for one in map(_parsed, requirements) if one is not None]
    wrong = list(_wrong(needed))
    if wrong:
        return failed("packages", "; ".join(wrong), INSTALL)
    return ok("packages", f"{len(needed)} packages, all within the supported ranges")


def _parsed(text: str) -> Requirement | None:
    """Returns a requirement that holds here without any extra, else None."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return requirement if requirement.marker is None or requirement.marker.evaluate({"extra": ""}) else None


def _wrong(needed: Iterable[Requirement]) -> Iterator[str]:
    for one in needed:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            yield f"{one.name} is missing ({one.specifier or 'any version'})"
            continue
        if not one.specifier.contains(version, prereleases=True):
            yield f"{one.name} {version}, and {one.specifier} is needed"


def check_accelerator(config: Config) -> Finding:
    """Checks that training and picking have what the configuration asks for.

    torch takes seconds to import, and is, only where the machine has a GPU or the configuration wants one.
    """
    try:
        torch_version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return failed("accelerator", "torch is not installed", INSTALL)
    wanted = [
        f"{key}: {value}"
        for key, value in (
            ("training.accelerator", config.training.accelerator),
            ("picks.device", config.picks.device),
        )
        if value not in ("auto", "cpu")
    ]
    has_gpu = any(path.exists() for path in NVIDIA) or shutil.which("nvidia-smi") is not None
    if not wanted and not has_gpu:
        return ok("accelerator", f"torch {torch_version}; no NVIDIA GPU here: the CPU is used")
    try:
        import torch
    except (ImportError, OSError) as error:
        return failed("accelerator", f"torch {torch_version} cannot be imported ({error})", INSTALL)
    if torch.cuda.is_available():
        return ok("accelerator", f"torch {torch_version}; {torch.cuda.get_device_name(0)}")
    if wanted:
        return failed(
            "accelerator",
            f"{', '.join(wanted)}, and torch {torch_version} finds no GPU here",
            "set it to auto; fine as it is where only the cluster's nodes have GPUs",
        )
    return warning(
        "accelerator",
        f"there is a GPU, and torch {torch_version} cannot use it: the CPU is used",
        "install the build of torch for your driver (pytorch.org, Get started)",
    )
