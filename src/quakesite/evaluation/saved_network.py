"""A trained model as a folder that needs nothing else: networks, what they learnt from, how far they err.

| file | what |
|---|---|
| `model.json` | window, channels, normalisation, picks, the members with their stations, residuals, support |
| `1.safetensors`, ... | the network of each trial |
| `README.md` | the model card |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import torch
from torch import Tensor

from quakesite.errors import InputError
from quakesite.evaluation.saved import (
    MANIFEST,
    Member,
    Saved,
    Seen,
    check_common,
    damaged,
    member_files,
    read_manifest,
)
from quakesite.models.target import Predictor
from quakesite.settings import validated
from quakesite.training.schema import PREDICTIONS
from quakesite.training.splits import NAMES
from quakesite.training.weights import load_trained
from quakesite.windows.settings import Window

if TYPE_CHECKING:
    from quakesite.rejects import Reject

BATCH = 64

Network = Member[Predictor]
"""One trial's network."""

Fetch = Callable[[Sequence[int]], Tensor]
"""Windows (n, channels, samples) float32 by their numbers."""


@dataclass(frozen=True)
class SavedNetwork(Saved[Predictor]):
    """A trained model, ready to predict. Made by `quakesite.models.load`.

    Attributes:
        folder: where it was read from.
        about: what `model.json` says.
        members: one network per trial.
    """

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.about["experiment"]["name"])

    @property
    def kind(self) -> str:
        """The preset that its training began with."""
        return str(self.about["preset"])

    @property
    def channels(self) -> int:
        """3 (E, N, Z) or 4 (with P/S)."""
        return len(self.about["input"]["channels"])

    @property
    def rate_hz(self) -> float:
        """Sampling rate of its windows."""
        return float(self.about["input"]["rate_hz"])

    @cached_property
    def window(self) -> Window:
        """How its windows are cut."""
        return validated(Window, self.about["window"]["settings"], self.folder / MANIFEST)

    @property
    def looks_at_picks(self) -> bool:
        """Picks place its windows, or tell how noisy they are."""
        return True

    @property
    def needed_picks(self) -> str:
        """The picks without which its windows cannot be made: `P`, `P and S`, or none."""
        return "P and S" if self.channels == 4 else "P" if self.window.anchor != "pga" else ""

    @property
    def picks_are_for(self) -> str:
        """Its windows."""
        return "its windows"

    def look(self, shard: Path, picks: Path, refused: list[Reject], *, limited: bool) -> Seen:
        """Returns what it makes of the windows of a shard of records; see `Saved.look`."""
        from quakesite.evaluation.own_windows import kept_windows

        kept = kept_windows(self, shard, picks, refused, limited=limited)
        table = self.table(kept.record_ids, kept.stations, kept.fetch)
        return Seen(table, kept.features(), kept.stations)

    def table(self, record_ids: Sequence[str], stations: Sequence[str], fetch: Fetch) -> pa.Table:
        """Returns the members' predictions as rows of the `PREDICTIONS` columns, `vs30_m_s` being NaN.

        A member speaks for the stations that it has not seen; where all have seen one, all speak.

        Args:
            record_ids, stations: of each window.
            fetch: gives the windows.
        """
        torch.set_num_threads(1)
        tables = [PREDICTIONS.empty_table()]
        for member in self.members:
            rows = [place for place, name in enumerate(stations) if self.speaks(member, name)]
            predicted = [value for chunk in _chunks(rows) for value in _predicted(member, fetch(chunk))]
            tables.append(self.said(member, record_ids, stations, rows, predicted))
        return pa.concat_tables(tables).combine_chunks()


def _chunks(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _predicted(member: Network, windows: Tensor) -> list[float]:
    with torch.no_grad():
        values: list[float] = member.predictor(windows).double().tolist()
    return values


def member_of(file: str | Path, trial: int, stations: Mapping[str, Sequence[str]]) -> Network:
    """Returns the network in a safetensors file, with the stations of its splits.

    Raises:
        InputError: the file holds no weights.
    """
    return Member(trial, load_trained(file), {name: frozenset(stations[name]) for name in NAMES})


def is_trained(folder: str | Path) -> bool:
    """Returns whether the model saved in `folder` has networks; without data there was nothing to train.

    Raises:
        InputError: there is no model in it.
    """
    return bool(read_manifest(Path(folder))["members"])


def load_networks(folder: str | Path) -> SavedNetwork:
    """Returns the model of networks saved in `folder`; `loading.load_model` takes any.

    Nothing in it is executed: tensors are read from safetensors, everything else from JSON.

    Raises:
        InputError: there is no model in it, it was never trained, or a file is not the one it was saved with.
    """
    folder = Path(folder)
    about = read_manifest(folder)
    members = [member_of(file, row["trial"], row["stations"]) for file, row in member_files(folder, about)]
    model = SavedNetwork(folder, about, members)
    try:
        _ = (model.channels, model.rate_hz, model.window, about["excluded_flags"])
        check_common(model)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(folder, error) from None
    return model
