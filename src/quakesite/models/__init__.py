"""The networks. They take and return tensors; only `load_published` and `load` read files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from quakesite.models.published import load_published

__all__ = ["load", "load_published"]


def load(folder: str | Path) -> Any:
    """Returns the trained model saved in `folder`, e.g. `results/models/beta_auto_pga`, ready to predict.

    `load(folder).predict(quakesite.records.read("my_record.asc"))` gives one estimate per station; see
    `quakesite.evaluation.saved.SavedModel`. Nothing in the folder is executed.

    Raises:
        InputError: there is no trained model in it.
    """
    return importlib.import_module("quakesite.evaluation.saved").load_model(folder)
