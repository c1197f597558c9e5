"""Finds and reads a saved model: a folder of networks or of forests, or the best of a run's results."""

from __future__ import annotations

from pathlib import Path

from quakesite.errors import InputError
from quakesite.evaluation.manifest import FOREST_FORMAT, MANIFEST, AnyModel, read_manifest
from quakesite.evaluation.ranking import FILE, recommended


def load_model(folder: str | Path) -> AnyModel:
    """Returns the model saved in `folder`, or the best one of the run whose results are in `folder`.

    Nothing in it is executed.

    Raises:
        InputError: there is no model in it, it was never trained, or a file is not the one it was saved with.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).exists() and (folder / FILE).exists():
        folder = recommended(folder)
    elif not folder.is_dir():
        raise InputError(
            folder,
            "no such folder",
            expected="the folder of a trained model, or of a run's results",
            action="run the workflow, or name another with --model",
        )
    if read_manifest(folder)["format"] == FOREST_FORMAT:
        from quakesite.evaluation.saved_forest import load_forests

        return load_forests(folder)
    from quakesite.evaluation import saved

    return saved.load_model(folder)
