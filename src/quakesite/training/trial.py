"""One trial of one experiment: what goes in, and the files that come out."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from torch import Tensor

from quakesite.digests import sha256_of
from quakesite.own_file import is_own
from quakesite.tables import atomic_open, write_csv, write_parquet
from quakesite.training.data import Part
from quakesite.training.presets import resolved
from quakesite.training.schema import HISTORY, TRIAL_PREDICTIONS
from quakesite.training.settings import NOT_OF_A_TRIAL, TrainingSettings
from quakesite.training.weights import write_weights

COLLAPSED_BELOW = 0.05
FILES = ("predictions.parquet", "history.csv", "model.safetensors", "trial.json", "last.safetensors")
PACKAGES = ("quakesite", "torch", "lightning", "numpy", "pyarrow")

Floats = npt.NDArray[np.float64]


def seed_of(seed: int, trial: int, what: str) -> int:
    """Returns the seed of one trial of one experiment, told by the configured seed, trial and name."""
    return int(np.random.SeedSequence([seed, trial, crc32(what.encode())]).generate_state(1)[0])


def data_digest(parts: Mapping[str, Part]) -> str:
    """Returns a hash of all windows with their marks, of labels and weights, and of the split each is in."""
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(f"{name} {part.shape}\n".encode())
        for record, hashes, label in zip(part.record_ids, part.digests, part.labels.tolist(), strict=True):
            digest.update(f"{record} {' '.join(hashes)} {label}\n".encode())
        if part.weights is not None:
            digest.update(f"weights {part.weights.tolist()}\n".encode())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """Returns the versions that a result may depend on."""
    return {"python": platform.python_version(), "machine": platform.machine()} | {
        name: version(name) for name in PACKAGES
    }


def network_sha256(settings: TrainingSettings) -> str | None:
    """Returns the sha256 of the Python file of one's own that the network is from; None for one of ours."""
    network = settings.network
    return sha256_of(network) if network is not None and is_own(network) else None


def collapsed(predicted: Floats, measured: Floats) -> bool | None:
    """Returns whether predictions hardly vary: their std under 5 % of that of the labels.

    None where the labels do not vary either (or there are none).
    """
    if len(measured) == 0 or float(np.std(measured)) == 0.0:
        return None
    return bool(np.std(predicted) < COLLAPSED_BELOW * np.std(measured))


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial came to.

    Attributes:
        experiment, number, seed, settings: what was run.
        parts: the windows of each split.
        about: what the weights' header says.
        data_sha256: see `data_digest`.
        predictions: Vs30 in m/s for the windows of each split; empty where nothing was trained.
        intervals: their 5 % and 95 % points (n, 2), NaN where the target learns none.
        history: columns of `HISTORY`.
        weights: the best weights; none where nothing was trained.
        last: the weights after the last epoch.
        best_epoch: the epoch they are from, 0 for none.
        encoder: where a transferred encoder came from; None for an experiment from scratch.
        missing: why nothing was trained, or "".
    """

    experiment: str
    number: int
    seed: int
    settings: TrainingSettings
    parts: Mapping[str, Part]
    about: Mapping[str, Any]
    data_sha256: str
    encoder: str | None = None
    missing: str = ""
    predictions: Mapping[str, Tensor] = field(default_factory=dict)
    intervals: Mapping[str, Tensor] = field(default_factory=dict)
    history: Mapping[str, list[float]] = field(default_factory=dict)
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    last: Mapping[str, Tensor] = field(default_factory=dict)
    best_epoch: int = 0

    def write(self, folder: str | Path) -> None:
        """Writes `FILES` into `folder`, each atomically, `trial.json` last."""
        folder = Path(folder)
        write_parquet(self.prediction_table(), folder / FILES[0])
        columns = {name: self.history.get(name, []) for name in HISTORY.names}
        columns["epoch"] = [int(epoch) for epoch in columns["epoch"]]
        write_csv(pa.table(columns, schema=HISTORY), folder / FILES[1])
        write_weights(self.weights, self.about, folder / FILES[2])
        write_weights(self.last, self.about, folder / FILES[4])
        with atomic_open(folder / FILES[3]) as handle:
            json.dump(self.summary(), handle, indent=2, sort_keys=True)
            handle.write("\n")

    def prediction_table(self) -> pa.Table:
        """Returns the predictions of all splits (`TRIAL_PREDICTIONS`)."""
        tables = [TRIAL_PREDICTIONS.empty_table()]
        for split, predicted in self.predictions.items():
            part = self.parts[split]
            n = len(part)
            columns = [
                pa.array([self.experiment] * n, pa.string()),
                pa.array([self.number] * n, pa.int64()),
                pa.array(part.record_ids, pa.string()),
                pa.array(part.stations, pa.string()),
                pa.array([split] * n, pa.string()),
                pa.array(part.labels.double().numpy()),
                pa.array(predicted.double().numpy()),
                *(pa.array(point.double().numpy()) for point in self.intervals[split].unbind(dim=1)),
            ]
            tables.append(pa.table(columns, schema=TRIAL_PREDICTIONS))
        return pa.concat_tables(tables).combine_chunks()

    def summary(self) -> dict[str, Any]:
        """Returns what `trial.json` says."""
        test = self.predictions.get("test")
        return {
            "experiment": self.experiment,
            "trial": self.number,
            "seed": self.seed,
            "preset": self.settings.preset,
            "settings": self.settings.model_dump(mode="json", exclude=set(NOT_OF_A_TRIAL)),
            "resolved": {
                name: value for name, value in resolved(self.settings).items() if name not in NOT_OF_A_TRIAL
            },
            "missing": self.missing,
            "encoder": self.encoder,
            "epochs": len(self.history.get("epoch", [])),
            "best_epoch": self.best_epoch,
            "collapsed": None
            if test is None
            else collapsed(test.double().numpy(), self.parts["test"].labels.double().numpy()),
            "splits": {
                name: {
                    "windows": len(part),
                    "excluded_by_flags": part.excluded,
                    "lost_to_events": part.lost_to_events,
                    "stations": sorted(set(part.stations)),
                }
                for name, part in self.parts.items()
            },
            "data_sha256": self.data_sha256,
            "network_sha256": network_sha256(self.settings),
            "environment": environment(),
        }
