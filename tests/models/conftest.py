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


@pytest.fixture
def windows() -> Callable[..., torch.Tensor]:
    """Makes windows of noise of different size and colour, marked from the middle on for an eighth."""

    def make(n: int, channels: int = 4, samples: int = 1500) -> torch.Tensor:
        generator = torch.Generator().manual_seed(samples)
        noise = torch.randn(n, channels, samples, generator=generator)
        smooth = nn.functional.avg_pool1d(noise, 5, 1, 2)
        share = torch.linspace(0, 1, n)[:, None, None]
        made = (share * smooth + (1 - share) * noise) * torch.logspace(0, 1, n)[:, None, None]
        if channels == 4:
            made[:, 3] = 0.0
            made[:, 3, samples // 2 : samples // 2 + samples // 8] = 1.0
        return made

    return make
