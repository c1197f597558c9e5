"""Makes the folders of the baselines' forests from the trees that were grown for the tables."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakesite import __version__
from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.evaluation import forest
from quakesite.evaluation.audit import sentence
from quakesite.evaluation.card import RANGES, facts_of
from quakesite.evaluation.coverage import coverage_rows
from quakesite.evaluation.folds import Folds, read_folds
from quakesite.evaluation.forest import StationFeatures, feature_names
from quakesite.evaluation.forest_card import card
from quakesite.evaluation.labels import features_of_sites, measured_vs30
from quakesite.evaluation.pooling import calibrators, pool
from quakesite.evaluation.reliability import class_skill_row, held_out_probabilities
from quakesite.evaluation.saved import CARD, FOREST_FORMAT, MANIFEST, Member
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.support import TABLE_FEATURES, support_of, table_features
from quakesite.evaluation.table2 import figures_of
from quakesite.evaluation.trees import Forest, read_forest, write_forest
from quakesite.picks.settings import PicksSettings
from quakesite.progress import say
from quakesite.records.schema import CATALOGUE
from quakesite.tables import atomic_open, atomic_path, read_parquet
from quakesite.training.splits import NAMES

PACKAGES = ("quakesite", "scikit-learn", "numpy", "pyarrow")


def tree_file(folder: Path, name: str, trial: int) -> Path:
    """Returns where `quakesite evaluation baselines` keeps a trial's forest."""
    return folder / name / f"{trial}.safetensors"


def keep_forests(
    name: str,
    forests: Mapping[int, Forest],
    inputs: StationFeatures | None,
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
    folder: Path,
) -> None:
    """Writes the forests of each trial with what they were grown from; a trial without one, a header alone.

    Args:
        name: the baseline's.
        forests: by trial.
        inputs: of the stations; None where there are none.
        splits: by trial, the set of each station.
        vs30: measured Vs30 in m/s by station.
        seed: of the forests.
        folder: where to.
    """
    known = set() if inputs is None else set(inputs.station.tolist())
    for trial, split in sorted(splits.items()):
        stations = {
            part: sorted(one for one in split if split[one] == part and one in known) for part in NAMES
        }
        about = {
            "baseline": name,
            "trial": trial,
            "seed": seed + trial,
            "settings": _settings(),
            "stations": stations,
            "environment": {"python": platform.python_version(), "machine": platform.machine()}
            | {package: version(package) for package in PACKAGES},
        }
        grown = forests.get(trial)
        if grown is not None and inputs is not None:
            about["data_sha256"] = _data_sha256(inputs, stations["train"], vs30)
        write_forest(grown, about, tree_file(folder, name, trial))


def _settings() -> dict[str, float]:
    return {
        "n_trees": forest.N_TREES,
        "stations_per_leaf": forest.STATIONS_PER_LEAF,
        "features_per_split": forest.FEATURES_PER_SPLIT,
    }


def _data_sha256(inputs: StationFeatures, train: Sequence[str], vs30: Mapping[str, float]) -> str:
    places = np.searchsorted(inputs.station, np.array(train, dtype=np.str_))
    labels = np.array([vs30[name] for name in train])
    digest = hashlib.sha256("\n".join(train).encode())
    digest.update(inputs.values[places].astype("<f8").tobytes() + labels.astype("<f8").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Sources:
    """What the folders are made from.

    Attributes:
        trees: folder of {baseline}.parquet and {baseline}/{trial}.safetensors.
        trials: numbers of the trials.
        features: tables of `FEATURES`.
        catalogue: records/catalogue.parquet.
        stations: table of stations.
        picks: settings of the picks that the first P motion was found by.
        synthetic: whether the archive is.
    """

    trees: Path
    trials: Sequence[int]
    features: Sequence[str | Path]
    catalogue: str | Path
    stations: str | Path
    picks: PicksSettings
    synthetic: bool


def assemble_forests(
    names: Sequence[str], sources: Sources, settings: EvaluationSettings, out: str | Path
) -> None:
    """Writes one folder per baseline of `names` to `out`: trees, `model.json`, card.

    A baseline that nothing could be grown for says so in its folder.

    Args:
        names: of `FORESTS`.
        sources: see `Sources`.
        settings: coverage, levels, bootstrap and seed.
        out: the folder of all models.

    Raises:
        InputError: a file is missing, was written by another version, or holds other trials.
    """
    vs30 = measured_vs30(sources.stations)
    features = features_of_sites(sources.features, sources.stations)
    catalogue = read_parquet(sources.catalogue, CATALOGUE)
    records = catalogue.filter(pc.is_in(catalogue["record_id"], features["record_id"].combine_chunks()))
    measured = set(vs30)
    support = support_of(
        table_features(features), features["station"].to_pylist(), measured, TABLE_FEATURES
    ).as_json()
    for name in names:
        table = sources.trees / f"{name}.parquet"
        folds = read_folds([table], [name], vs30)[name]
        others = set(folds.table["trial"].to_pylist()) - set(sources.trials)
        if others:
            found = f"predictions of trials {', '.join(map(str, sorted(others)))} as well"
            raise InputError(table, found, field="--trials", expected="all trials of the baselines")
        _assemble(name, sources, folds, records, vs30, support, settings, Path(out) / name)


def _assemble(
    name: str,
    sources: Sources,
    folds: Folds,
    records: pa.Table,
    vs30: Mapping[str, float],
    support: Mapping[str, Any],
    settings: EvaluationSettings,
    folder: Path,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    members, rows, grown_with = _copied(name, sources, folder)
    pooled = pool(folds.table)
    known = calibrators(pooled, vs30)
    figures = figures_of(folds.rows, settings)
    facts = facts_of(
        records,
        vs30,
        members,
        figures,
        coverage_rows(name, pooled, known, vs30, settings.coverage),
        class_skill_row(name, held_out_probabilities(pooled, known, vs30), settings),
    )
    text = json.dumps(grown_with["settings"], sort_keys=True)
    about = {
        "format": FOREST_FORMAT,
        "quakesite_version": __version__,
        "baseline": name,
        "input": {"features": list(feature_names(name))},
        "settings": grown_with["settings"],
        "settings_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "environment": grown_with["environment"],
        "picks": sources.picks.model_dump(mode="json"),
        "limits": {},
        "coverage": settings.coverage,
        "outside_level": settings.outside_level,
        "synthetic": sources.synthetic,
        "missing": "" if members else forest.none_because(name).removeprefix("none: "),
        "members": rows,
        "calibration": [
            {"station": one.station, "members": sorted(one.members), "residual_ln": one.residual}
            for one in known
        ],
        "support": support,
        "ranges": {name: facts.ranges[name] for name in RANGES if facts.ranges[name] is not None},
        "audit": sentence(name, figures, folds.leaked) or "",
    }
    with atomic_open(folder / CARD) as handle:
        handle.write(card(about, facts, folds.leaked))
    with atomic_open(folder / MANIFEST) as handle:
        json.dump(about, handle, indent=1, sort_keys=True, allow_nan=False)
        handle.write("\n")
    said = f"{len(members)} forests, {len(known)} stations say how far they err"
    say(f"model {name}: {said if members else forest.none_because(name)}")


def _copied(
    name: str, sources: Sources, folder: Path
) -> tuple[list[Member[Forest]], list[dict[str, Any]], dict[str, Any]]:
    """Copies the trees into `folder`; returns the forests, what `model.json` says of each, and a header."""
    members, rows, header = [], [], dict[str, Any]()
    for trial in sources.trials:
        source = tree_file(sources.trees, name, trial)
        target = folder / source.name
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
        grown, header = read_forest(target)
        if (header.get("baseline"), header.get("trial")) != (name, trial):
            raise InputError(source, str(header.get("baseline")), expected=f"the trees of {name}, {trial}")
        if grown is None:
            continue
        stations = {part: frozenset(header["stations"][part]) for part in NAMES}
        members.append(Member(trial, grown, stations))
        rows.append(
            {
                "file": target.name,
                "sha256": sha256_of(target),
                "trial": trial,
                "seed": header["seed"],
                "data_sha256": header["data_sha256"],
                "stations": header["stations"],
            }
        )
    return members, rows, header
