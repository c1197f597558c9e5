"""Trains one experiment of the paper's Table I: one trial of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from quakesite.digests import sha256_of
from quakesite.models.network import Input
from quakesite.models.target import Predictor
from quakesite.progress import say
from quakesite.stations.moved import records_before_move
from quakesite.training.data import Part, parts_of
from quakesite.training.events import event_splits
from quakesite.training.experiments import Experiment
from quakesite.training.fit import fit_predictor, history_columns, predict_with_interval
from quakesite.training.label_weights import station_weights
from quakesite.training.leakage import check_encoder, check_leakage
from quakesite.training.presets import Fit, fit_of, model_of
from quakesite.training.regression import Regression
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import read_split, read_vs30
from quakesite.training.trial import Trial, data_digest, environment, network_sha256, seed_of
from quakesite.training.weights import describe, read_weights, transfer
from quakesite.windows.schema import Description

CHECKPOINTS = "checkpoint"


@dataclass(frozen=True, slots=True)
class Files:
    """What a trial reads: shards of windows, the tables of stations and splits, a pretrained encoder."""

    train_windows: Sequence[str | Path]
    test_windows: Sequence[str | Path]
    stations: str | Path
    splits: str | Path
    encoder: str | Path | None = None


def train_trial(
    experiment: Experiment, number: int, files: Files, settings: TrainingSettings, folder: str | Path
) -> Trial:
    """Trains one trial, writes its files into `folder` (see `Trial.write`), and returns it.

    Weights are selected on the validation windows; the test windows are read once, at the end. Where there
    is nothing to train or to test on, the files are empty and one line says why.

    Raises:
        InputError: a table or shard cannot be read, or something leaks from one split to another.
    """
    folder = Path(folder)
    vs30, _ = read_vs30(files.stations)
    by_event = settings.split_by == "station_and_event"
    shards = (files.train_windows, files.test_windows)
    parts = parts_of(
        experiment,
        files.train_windows,
        files.test_windows,
        read_split(files.splits, number),
        vs30,
        settings.excluded_flags(experiment.name),
        weights=station_weights(files.stations, settings),
        unlabelled=records_before_move(files.stations),
        events=event_splits(shards, number, settings.seed_of_splits) if by_event else None,
        train_stations=settings.train_stations,
        drawn_by=(settings.seed, number),
    )
    check_leakage(parts, events=by_event)
    windows = input_of(parts, settings)
    trial = Trial(
        experiment=experiment.name,
        number=number,
        seed=seed_of(settings.seed, number, experiment.name),
        settings=settings,
        parts=parts,
        about=describe(settings.preset, model_of(settings), windows, _cut_as(parts))
        | {"experiment": experiment.name, "trial": number},
        data_sha256=data_digest(parts),
        missing=_missing(experiment, parts),
    )
    what = f"{experiment.name}, trial {number}"
    if excluded := sum(part.excluded for part in parts.values()):
        flags = ", ".join(settings.excluded_flags(experiment.name))
        say(f"{what}: {excluded} windows left out, their picks are flagged {flags}")
    if by_event:
        _say_lost(what, parts)
    if trial.missing:
        say(f"{what}: {trial.missing}; nothing is trained, and its rows stay empty")
    else:
        trial, main = _trained(trial, files.encoder if experiment.transfer else None, windows, what, folder)
        if not main:
            return trial
    trial.write(folder)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return trial


def input_of(parts: Mapping[str, Part], settings: TrainingSettings) -> Input:
    """Returns what the windows are; all zeros where there are none."""
    described = [part.windows for part in parts.values() if part.windows.description]
    channels = next(iter(parts.values())).shape[0]
    if not described:
        return Input(channels, 0, 0.0, 0)
    rate = described[0].description.rate_hz if described[0].description else 0.0
    return Input(channels, described[0].shape[1], rate, round(settings.segment_s * rate))


def _cut_as(parts: Mapping[str, Part]) -> Description | None:
    """Returns how the windows were cut, those that the weights are judged on first."""
    known = [parts[name].windows.description for name in ("test", "train", "validation")]
    return next((description for description in known if description), None)


def _missing(experiment: Experiment, parts: Mapping[str, Part]) -> str:
    picks = " with a P and an S pick" if experiment.ps_channel else ""
    if len(parts["train"]) == 0:
        return f"no {experiment.train_annotation} windows{picks} at training stations with a Vs30"
    if len(parts["test"]) == 0:
        return f"no {experiment.test_annotation} windows{picks} at test stations with a Vs30"
    return ""


def build(settings: TrainingSettings, windows: Input, labels: Tensor, seed: int) -> Predictor:
    """Returns the untrained network, its initial weights told by `seed`.

    Args:
        settings: which network and target, and where its output starts.
        windows: what goes in.
        labels: Vs30 in m/s of the training windows or stations, from which the target takes its scale.
        seed: seed of the initial weights.
    """
    torch.manual_seed(seed)
    predictor = model_of(settings).predictor(windows, labels)
    if settings.start_from_mean:
        predictor.network.start_at(float(predictor.target.encode(labels).mean()))
    return predictor


def _trained(
    trial: Trial, encoder: str | Path | None, windows: Input, what: str, folder: Path
) -> tuple[Trial, bool]:
    """Returns the trained trial, and whether this is the process that writes it."""
    parts, settings = trial.parts, trial.settings
    fit, train = fit_of(settings), parts["train"]
    labels = train.station_labels if fit.balanced else train.labels
    predictor = build(settings, windows, labels, trial.seed)
    origin = None
    if encoder is None:
        fit = replace(fit, encoder_rate=1.0)
    elif _transferred(predictor, encoder, trial, windows):
        origin = sha256_of(encoder)
    else:
        say(f"{what}: the pretraining had no windows; the encoder starts from scratch")
        fit, origin = replace(fit, encoder_rate=1.0), "scratch"
    training = fit_predictor(
        predictor,
        parts["train"],
        parts["validation"],
        fit,
        seed=trial.seed,
        what=what,
        checkpoints=folder / CHECKPOINTS,
        key=_key(trial, fit, origin),
    )
    if training.global_rank:
        return trial, False
    predictions, intervals = {}, {}
    for name, part in parts.items():
        predictions[name], intervals[name] = predict_with_interval(predictor, part)
    _say_result(what, parts, predictions, training)
    return replace(
        trial,
        encoder=origin,
        predictions=predictions,
        intervals=intervals,
        history=history_columns(training.history),
        weights=predictor.state_dict(),
        last=training.last,
        best_epoch=training.best_epoch,
    ), True


def _transferred(predictor: Predictor, encoder: str | Path, trial: Trial, windows: Input) -> bool:
    """Gives the network the pretrained encoder, if that has seen nothing it must not have; False for none."""
    settings = trial.settings
    by_event = settings.split_by == "station_and_event"
    about = read_weights(encoder)[1]
    if "stations" not in about:
        say(f"{encoder} does not say what it was pretrained on: it may have seen test stations")
    check_encoder(about, trial.parts, events=by_event)
    adapted = windows.channels if settings.encoder_channels else None
    return transfer(predictor.network.encoder, encoder, model_of(settings), channels=adapted)


def _say_lost(what: str, parts: Mapping[str, Part]) -> None:
    lost = sum(part.lost_to_events for part in parts.values())
    kept = sum(len(part) for part in parts.values())
    say(f"{what}: {lost} of {lost + kept} windows left out, their earthquakes belong to another split")


def _key(trial: Trial, fit: Fit, origin: Any) -> str:
    named = (
        f"{trial.experiment} {trial.number} {trial.seed} {trial.settings} {fit} {trial.data_sha256} {origin} "
        f"{network_sha256(trial.settings)} {environment()}"
    )
    return hashlib.sha256(named.encode()).hexdigest()


def _say_result(
    what: str, parts: Mapping[str, Part], predictions: Mapping[str, Tensor], training: Regression
) -> None:
    labels = parts["test"].labels
    error = (100.0 * (predictions["test"] - labels).abs() / labels).mean()
    say(
        f"{what}: {len(parts['train'])} windows of {parts['train'].n_stations} stations trained for "
        f"{len(training.history)} epochs, best was {training.best_epoch}; error {error:.1f} % on "
        f"{len(labels)} windows of {parts['test'].n_stations} test stations"
    )
