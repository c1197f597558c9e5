"""Makes the folder of a trained model from its trials, and predicts every station that has windows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakesite import __version__
from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.evaluation.audit import sentence
from quakesite.evaluation.card import RANGES, Facts, facts_of
from quakesite.evaluation.coverage import coverage_rows
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.kept import KeptWindows
from quakesite.evaluation.labels import measured_vs30
from quakesite.evaluation.metrics import SLOWEST_M_S
from quakesite.evaluation.network_card import card
from quakesite.evaluation.pooling import calibrators, pool
from quakesite.evaluation.reliability import class_skill_row, held_out_probabilities
from quakesite.evaluation.saved import CARD, FORMAT, MANIFEST
from quakesite.evaluation.saved_network import Network, SavedNetwork, member_of
from quakesite.evaluation.schema import OUTSIDE
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.support import WINDOW_FEATURES, Floats, Support, support_of
from quakesite.evaluation.table2 import figures_of
from quakesite.models.own import family_of
from quakesite.models.target import LogVs30, RelativeVs30
from quakesite.picks.settings import PicksSettings
from quakesite.progress import say
from quakesite.settings import validated
from quakesite.stations.moved import records_before_move
from quakesite.tables import atomic_open, atomic_path, write_parquet
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.presets import Model
from quakesite.training.schema import PREDICTIONS
from quakesite.training.settings import TrainingSettings
from quakesite.training.weights import read_weights
from quakesite.windows.schema import CHANNELS, UNITS

AS_RECORDED = "none: the network takes cm/s^2 as recorded"
NORMALISED = "within the network: each record relative to its own size"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was made from, besides its trials.

    Attributes:
        picks: settings of the picks that its windows were cut by.
        limits: what its records keep that the picks tell: `min_snr_db`, `min_p_time_s`; None: no limit.
        synthetic: whether the archive is.
    """

    picks: PicksSettings
    limits: Mapping[str, float | None]
    synthetic: bool


def assemble(
    experiment: str,
    trials: Sequence[str | Path],
    windows: Sequence[str | Path],
    stations: str | Path,
    settings: EvaluationSettings,
    origin: Origin,
    folder: str | Path,
    predicted: str | Path,
) -> None:
    """Writes the model's folder, its card among it, and what it says of every station.

    Where no trial was trained the folder says so, and the table is empty.

    Args:
        experiment: its name.
        trials: folders of its trials.
        windows: shards of the windows it is tested on.
        stations: table of stations.
        settings: coverage, levels, bootstrap and seed.
        origin: see `Origin`.
        folder: where to write the model.
        predicted: table to write: columns of `PREDICTIONS` and `OUTSIDE`.

    Raises:
        InputError: a file is missing or was written by another version.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vs30 = measured_vs30(stations)
    told = [json.loads((Path(trial) / "trial.json").read_text(encoding="utf-8")) for trial in trials]
    members, rows = _copied(trials, told, folder)
    channels = 4 if EXPERIMENTS[experiment].ps_channel else 3
    about = _about(experiment, origin, settings, told, rows, channels)
    moved = records_before_move(stations)
    kept = KeptWindows(windows if members else [], channels, about["excluded_flags"], moved)
    model = SavedNetwork(folder, about, members)
    table = _with_vs30(model.table(kept.record_ids, kept.stations, kept.fetch), vs30)
    pooled = pool(table)
    known = calibrators(pooled, vs30)
    features = kept.features()
    support = _support(features, kept.stations, members, vs30)
    about["calibration"] = [
        {"station": one.station, "members": sorted(one.members), "residual_ln": one.residual} for one in known
    ]
    about["support"] = support.as_json()
    outside = support.p_values(features, kept.stations, settings.outside_level)
    write_parquet(_predicted(table, outside), predicted)
    folds = read_folds([Path(trial) / "predictions.parquet" for trial in trials], [experiment], vs30)[
        experiment
    ]
    facts: Facts = facts_of(
        kept.table,
        vs30,
        members,
        figures_of(folds.rows, settings),
        coverage_rows(experiment, pooled, known, vs30, settings.coverage),
        class_skill_row(experiment, held_out_probabilities(pooled, known, vs30), settings),
    )
    about["ranges"] = {name: facts.ranges[name] for name in RANGES if facts.ranges[name] is not None}
    about["audit"] = sentence(experiment, facts.figures, folds.leaked) or ""
    with atomic_open(folder / CARD) as handle:
        handle.write(card(about, facts, folds.leaked))
    with atomic_open(folder / MANIFEST) as handle:
        json.dump(about, handle, indent=1, sort_keys=True, allow_nan=False)
        handle.write("\n")
    say(
        f"model {experiment}: {len(members)} networks, {len(pooled)} stations predicted, "
        f"{len(known)} of them say how far it errs"
    )


def _copied(
    trials: Sequence[str | Path], told: Sequence[Mapping[str, Any]], folder: Path
) -> tuple[list[Network], list[dict[str, Any]]]:
    """Copies the networks into `folder`; returns them, and what `model.json` says of each."""
    members, rows = [], []
    for trial, said in zip(trials, told, strict=True):
        source, number = Path(trial) / "model.safetensors", int(said["trial"])
        target = folder / f"{number}.safetensors"
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
        if said["missing"]:
            continue
        _, header = read_weights(source)
        if "windows" not in header:
            raise InputError(source, "written by an older version", field="windows", action="train again")
        stations = {name: split["stations"] for name, split in said["splits"].items()}
        member = member_of(target, number, stations)
        rows.append(
            {
                "file": target.name,
                "sha256": sha256_of(target),
                "trial": number,
                "seed": said["seed"],
                "epochs": said["epochs"],
                "best_epoch": said["best_epoch"],
                "collapsed": said["collapsed"],
                "data_sha256": said["data_sha256"],
                "target": _target(member),
                "stations": stations,
                "header": header,
            }
        )
        members.append(member)
    return members, rows


def _target(member: Network) -> dict[str, Any]:
    target = member.predictor.target
    if isinstance(target, RelativeVs30):
        return {
            "scale": "ln (Vs30 / best constant) / std",
            "mean": float(target.mean),
            "std": float(target.std),
        }
    if isinstance(target, LogVs30):
        return {"scale": "standardised ln Vs30", "mean": float(target.mean), "std": float(target.std)}
    return {"scale": "m/s"}


def _normalisation(header: Mapping[str, Any]) -> str:
    if not header:
        return ""
    model = Model.from_header(dict(header))
    normalise = family_of(model.network).normalised if model.normalise is None else model.normalise
    return NORMALISED if normalise else AS_RECORDED


def _about(
    experiment: str,
    origin: Origin,
    settings: EvaluationSettings,
    told: Sequence[Mapping[str, Any]],
    rows: list[dict[str, Any]],
    channels: int,
) -> dict[str, Any]:
    header = rows[0]["header"] if rows else {}
    cut_as = header.get("windows", {})
    preset = told[0]["preset"]
    for row in rows:
        if row.pop("header")["windows"] != cut_as:
            raise InputError(
                row["file"], "windows of another kind than those of the other trials", action="train again"
            )
    return {
        "format": FORMAT,
        "quakesite_version": __version__,
        "experiment": asdict(EXPERIMENTS[experiment]),
        "preset": preset,
        "training": told[0]["settings"],
        "excluded_flags": validated(TrainingSettings, told[0]["settings"], "trial.json").excluded_flags(
            experiment
        ),
        "environment": told[0]["environment"],
        "network": header.get("input", {}),
        "input": {
            "channels": list(CHANNELS[:channels]),
            "units": list(UNITS[:channels]),
            "rate_hz": cut_as.get("rate_hz", 0.0),
            "samples": cut_as.get("n_samples", 0),
            "normalisation": _normalisation(header),
        },
        "window": {"name": cut_as.get("window", ""), "settings": json.loads(cut_as.get("settings", "{}"))},
        "picks": origin.picks.model_dump(mode="json"),
        "picks_weights_sha256": cut_as.get("weights_sha256", ""),
        "limits": dict(origin.limits),
        "slowest_m_s": SLOWEST_M_S,
        "coverage": settings.coverage,
        "outside_level": settings.outside_level,
        "synthetic": origin.synthetic,
        "missing": next((said["missing"] for said in told if said["missing"]), ""),
        "members": rows,
    }


def _support(
    features: Floats, names: Sequence[str], members: Sequence[Network], vs30: Mapping[str, float]
) -> Support:
    """Returns the support of the measured stations that the model has to do with."""
    own = {name for member in members for stations in member.stations.values() for name in stations}
    return support_of(features, names, own & set(vs30), WINDOW_FEATURES)


def _with_vs30(table: pa.Table, vs30: Mapping[str, float]) -> pa.Table:
    names = table["station"].to_pylist()
    measured = pa.array([vs30.get(name, float("nan")) for name in names], pa.float64())
    place = table.schema.get_field_index("vs30_m_s")
    filled = table.set_column(place, PREDICTIONS.field("vs30_m_s"), measured)
    return filled.sort_by([("trial", "ascending"), ("record_id", "ascending")])


def _predicted(table: pa.Table, outside: Mapping[str, float]) -> pa.Table:
    values = [outside.get(name) for name in table["station"].to_pylist()]
    field = OUTSIDE.field("outside_p")
    return table.append_column(field, pa.array(values, field.type))
