"""Where a network runs, and how many windows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quakesite.errors import InputError

if TYPE_CHECKING:
    from seisbench.models import WaveformModel

BATCH_ON_CPU = 32
"""Best on one core: fewer pay for calls, more fall out of its cache (`benchmarks/picks_speed.py`)."""

TRIAL_BATCH = 16
SHARE_OF_FREE_MEMORY = 0.6
LARGEST_BATCH = 2048


class Memory(Protocol):
    """What is measured of a device's memory, in bytes; `torch.cuda` is one."""

    def reset_peak_memory_stats(self) -> None:
        """Forgets the largest use so far."""

    def memory_allocated(self) -> int:
        """Returns how much is in use."""

    def max_memory_allocated(self) -> int:
        """Returns the largest use since the reset."""

    def mem_get_info(self) -> tuple[int, int]:
        """Returns what is free, and what there is."""


def on_device(model: WaveformModel, device: str) -> WaveformModel:
    """Returns the network on the device asked for: `cpu`, `cuda`, or `auto`, a GPU where there is one.

    Raises:
        InputError: a GPU is asked for and there is none.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "config", "cuda, and there is no GPU here", field="picks.device", expected="auto or cpu"
        )
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    return model.to("cuda" if on_gpu else "cpu")


def batch_size_for(model: WaveformModel) -> int:
    """Returns how many windows to run at once: on a GPU by its free memory, on a CPU `BATCH_ON_CPU`."""
    import torch

    if model.device.type != "cuda":
        return BATCH_ON_CPU
    memory: Memory = torch.cuda
    return batch_that_fits(model, memory)


def batch_that_fits(model: WaveformModel, memory: Memory) -> int:
    """Returns the largest power of two of windows that take `SHARE_OF_FREE_MEMORY` of what is free.

    What a window takes is measured in one forward pass of `TRIAL_BATCH` windows.
    """
    import torch

    windows = torch.zeros(TRIAL_BATCH, len(model.component_order), model.in_samples, device=model.device)
    before = memory.memory_allocated()
    memory.reset_peak_memory_stats()
    with torch.inference_mode():
        model(windows)
    per_window = max((memory.max_memory_allocated() - before) / TRIAL_BATCH, 1.0)
    fits = int(SHARE_OF_FREE_MEMORY * memory.mem_get_info()[0] / per_window)
    return 1 << (max(1, min(fits, LARGEST_BATCH)).bit_length() - 1)
