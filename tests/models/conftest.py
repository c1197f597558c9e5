"""The published network as its authors write it, to compare ours with."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def loop_network(root: Path) -> Callable[..., nn.Module]:
    """Makes the network that reads segments one after another in a Python loop (benchmarks/)."""
    spec = importlib.util.spec_from_file_location("authors_style", root / "benchmarks/authors_style.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    maker: Callable[..., nn.Module] = module.LoopCnnLstm
    return maker
