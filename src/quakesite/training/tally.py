"""Sums of loss and errors over the batches of one pass."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Row = dict[str, float]
"""One row of `HISTORY`, or a part of it."""


class Tally:
    """Sums of loss and errors over the batches of one pass."""

    def __init__(self) -> None:
        self.n = 0
        self.sums: Tensor | None = None

    def add(self, loss: Tensor, errors: tuple[Tensor, Tensor]) -> None:
        """Adds a batch: its mean loss, and the absolute errors and errors in per cent of its windows."""
        n = len(errors[0])
        batch = torch.stack(
            [loss.detach().double() * n, *(error.detach().double().sum() for error in errors)]
        )
        self.sums = batch if self.sums is None else self.sums + batch
        self.n += n

    def means(self, split: str) -> Row:
        """Returns the means over the windows as columns of `HISTORY`; NaN where there were none."""
        loss, absolute, percent = [math.nan] * 3 if self.sums is None else (self.sums / self.n).tolist()
        return {f"{split}_loss": loss, f"{split}_error_m_s": absolute, f"{split}_error_pct": percent}

    def summed(self, over: Callable[[Tensor], Tensor]) -> Tally:
        """Returns the tally of all processes.

        Args:
            over: makes of a tensor the sum over processes.
        """
        if self.sums is None:
            return self
        together = over(torch.cat([self.sums, self.sums.new_tensor([self.n])]))
        tally = Tally()
        tally.sums, tally.n = together[:3], round(float(together[3]))
        return tally
