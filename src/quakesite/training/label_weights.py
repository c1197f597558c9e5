"""What a label counts for in the loss: less where its Vs30 is less certain. And which records have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet
from quakesite.training.presets import PRESETS
from quakesite.training.settings import TrainingSettings


def station_weights(stations: str | Path, settings: TrainingSettings) -> dict[str, float] | None:
    """Returns what each station's label counts for, 1 / (sigma² + residual²); None where all count alike.

    Sigma is the standard deviation of ln Vs30 in the stations table, the residual is
    `label_residual_ln`: with both, that is the weight of least squares under errors of both kinds. A station
    without a sigma is left out.

    Raises:
        InputError: `stations` is no table of stations.
    """
    if (settings.label_weights or PRESETS[settings.preset].label_weights) == "none":
        return None
    table = one_per_code(read_parquet(stations, STATIONS, columns=["station", "vs30_sigma_ln"]))
    pairs = zip(table["station"].to_pylist(), table["vs30_sigma_ln"].to_pylist(), strict=True)
    residual = settings.label_residual_ln
    return {name: 1.0 / (sigma**2 + residual**2) for name, sigma in pairs if sigma is not None}


def window_weights(stations: Sequence[str], weights: Mapping[str, float] | None) -> Tensor | None:
    """Returns the weight of each window, mean 1 over those that have one; None where all are alike.

    Args:
        stations: of each window.
        weights: see `station_weights`; a window of a station that is not in it counts 1.
    """
    if weights is None:
        return None
    known = [weights[name] for name in stations if name in weights]
    if len(set(known)) < 2:
        return None
    mean = sum(known) / len(known)
    return torch.tensor([weights[name] / mean if name in weights else 1.0 for name in stations])
