"""Python, packages and accelerator: what is right, and what is not."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from quakesite.config import resolve
from quakesite.doctor import environment
from quakesite.doctor.environment import check_accelerator, check_packages, check_python
from quakesite.doctor.finding import State


def test_this_python_and_these_packages_will_do() -> None:
    assert check_python().state is State.OK
    assert check_packages(["numpy>=2", "pytest", "gone>1; extra == 'gis'"]).state is State.OK


def test_python_outside_the_range_fails() -> None:
    found = check_python("3.10.4", ">=3.11")
    assert (found.state, found.found) == (State.FAILED, "3.10.4, and >=3.11 is needed")


def test_a_package_outside_its_range_or_missing_fails_and_is_named() -> None:
    found = check_packages(["numpy<2", "no-such-package>=1", "pyarrow"])
    assert found.state is State.FAILED
    assert f"numpy {metadata.version('numpy')}, and <2 is needed" in found.found
    assert "no-such-package is missing (>=1)" in found.found
    assert "pyarrow" not in found.found


def test_a_package_that_is_only_on_the_path_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGE", "quakesite-that-is-not-installed")
    assert check_packages().state is State.WARNING
    assert check_python().state is State.WARNING


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "NVIDIA", (Path("/there/is/none"),))
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)


def pretend_torch(monkeypatch: pytest.MonkeyPatch, *, sees_gpu: bool) -> None:
    cuda = SimpleNamespace(is_available=lambda: sees_gpu, get_device_name=lambda index: "Model T")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))


@pytest.mark.usefixtures("without_gpu")
def test_without_a_gpu_torch_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would raise
    found = check_accelerator(resolve({}))
    assert found.state is State.OK
    assert "the CPU is used" in found.found


@pytest.mark.usefixtures("without_gpu")
@pytest.mark.parametrize("values", [{"training": {"accelerator": "cuda"}}, {"picks": {"device": "cuda"}}])
def test_a_gpu_that_is_asked_for_and_not_there_fails(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, dict[str, str]]
) -> None:
    pretend_torch(monkeypatch, sees_gpu=False)
    assert check_accelerator(resolve(values)).state is State.FAILED


def test_a_gpu_is_named_and_one_that_torch_cannot_use_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "NVIDIA", (tmp_path,))
    pretend_torch(monkeypatch, sees_gpu=True)
    assert "Model T" in check_accelerator(resolve({})).found
    pretend_torch(monkeypatch, sees_gpu=False)
    assert check_accelerator(resolve({})).state is State.WARNING


def test_torch_that_is_broken_or_missing_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "NVIDIA", (tmp_path,))
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "cannot be imported" in check_accelerator(resolve({})).found

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(environment.metadata, "version", missing)
    assert check_accelerator(resolve({})).found == "torch is not installed"
