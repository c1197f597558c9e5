"""Finds and reads a saved model: a folder of networks or of forests, or the best of a run's results."""

from __future__ import annotations

from pathlib import Path

from quakesite.errors import InputError
from quakesite.evaluation.ranking import FILE, RESULTS, recommended
from quakesite.evaluation.saved import FOREST_FORMAT, MANIFEST, AnyModel, read_manifest


def load_model(folder: str | Path) -> AnyModel:
    """Returns the model saved in `folder`, or the best one of the run whose results are in `folder`.

    Nothing in it is executed.

    Raises:
        InputError: there is no model in it, it was never trained, or a file is not the one it was saved with.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).exists() and (folder / FILE).exists():
        folder = recommended(folder)
    elif not (folder / MANIFEST).exists():
        raise _no_model_in(folder)
    if read_manifest(folder)["format"] == FOREST_FORMAT:
        from quakesite.evaluation.saved_forest import load_forests

        return load_forests(folder)
    from quakesite.evaluation.saved_network import load_networks

    return load_networks(folder)


def _no_model_in(folder: Path) -> InputError:
    """Returns the line on a folder that is not there, or is that of a run which has made no models yet."""
    made = folder / MANIFEST if folder.parent.name == "models" else RESULTS / "predictions.csv"
    return InputError(
        folder,
        "no trained model in it" if folder.is_dir() else "no such folder",
        expected=f"the folder of a trained model ({MANIFEST}), or of a run's results ({FILE})",
        action=f"`snakemake --cores all {made}` makes it (with the --configfile of your run, if it has one)",
    )
