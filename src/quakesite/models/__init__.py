"""The networks. They take and return tensors; only `load_published` and `load` read files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quakesite.models.published import load_published

if TYPE_CHECKING:
    from quakesite.evaluation.saved import Saved

__all__ = ["load", "load_published"]


def use_own(file: str | Path) -> str:
    """Makes the network in a Python file of one's own known; see `quakesite.models.own.use`."""
    return str(importlib.import_module("quakesite.models.own").use(file))


def load(folder: str | Path, network: str | Path | None = None) -> Saved[Any]:
    """Returns the trained model saved in `folder`, e.g. `results/models/beta_auto_pga`, ready to predict.

    `load(folder).predict(quakesite.records.read("my_record.asc"))` gives one estimate per station; see
    `quakesite.evaluation.saved.Saved`. Nothing in the folder is executed.

    Args:
        folder: the model; or the results of a run, whose best model (`ranking.csv`) it then is.
        network: the Python file of its network, where that is one's own.

    Raises:
        InputError: there is no trained model in it.
    """
    if network is not None:
        use_own(network)
    loaded: Saved[Any] = importlib.import_module("quakesite.evaluation.loading").load_model(folder)
    return loaded
