"""Pretrains an encoder for the gamma experiments: on where the epicentre is, seen from the station.

Source: Yilmaz et al. 2024 (arXiv 2408.14962), whose encoder the paper transfers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from quakesite.models.epicentre import EpicentreNet
from quakesite.models.target import Epicentre, Predictor
from quakesite.progress import say
from quakesite.training.data import Part, epicentre_windows
from quakesite.training.events import event_splits
from quakesite.training.fit import fit_predictor
from quakesite.training.leakage import check_pretraining
from quakesite.training.presets import fit_of, model_of
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import read_split
from quakesite.training.train import CHECKPOINTS, input_of
from quakesite.training.trial import data_digest, environment, network_sha256, seed_of
from quakesite.training.weights import describe, write_weights
from quakesite.windows.dataset import WindowDataset

VALIDATION_SHARE = 8


def pretrain(
    number: int,
    channels: int,
    windows: Sequence[str | Path],
    splits: str | Path,
    settings: TrainingSettings,
    target: str | Path,
) -> None:
    """Trains an encoder on epicentres and writes its weights to `target`.

    Every window teaches that has a hypocentre and whose station is neither a test nor a validation station
    of the trial: stations without a Vs30 too, as in the paper. With `split_by: station_and_event` its
    earthquake must not be one of test or validation either. Every eighth of these stations selects the
    weights. Where augmentation turns the horizontals, it turns the epicentre with them. Without windows the
    file is a header alone and one line says so.

    Args:
        number: the trial.
        channels: 3, or 4 with P/S (windows with both picks only).
        windows: shards of windows.
        splits: table of splits.
        settings: settings of the stage.
        target: the encoder's file, safetensors.

    Raises:
        InputError: a shard or table cannot be read, or a waveform of a test or validation station stands
            under one that teaches.
    """
    what = f"encoder of {channels} channels, trial {number}"
    held_out = [name for name, split in read_split(splits, number).items() if split != "train"]
    events = None
    if settings.split_by == "station_and_event":
        events = event_splits([windows], number, settings.seed_of_splits)
    dataset, offsets = epicentre_windows(windows, channels, without=held_out)
    if events is not None:
        offsets[[events[event] != "train" for event in dataset.table["event_id"].to_pylist()]] = np.nan
    seed = seed_of(settings.seed, number, f"encoder {channels}")
    parts = _parts(dataset.table["station"].to_pylist(), offsets, seed)
    labels = torch.from_numpy(offsets)
    train, validation = (Part(dataset, labels, rows) for rows in parts)
    shape = input_of({"train": train}, settings)
    model = model_of(settings)
    about = describe(settings.preset, model, shape) | {
        "trial": number,
        "stations": sorted(set(train.stations)),
        "validation_stations": sorted(set(validation.stations)),
        "events": sorted({*train.event_ids, *validation.event_ids}),
    }
    if len(train) == 0:
        say(f"{what}: no windows with a hypocentre at training stations; there is nothing to transfer")
        write_weights({}, about, target)
        return
    check_pretraining([train, validation], _held_out(windows, channels, held_out))
    torch.manual_seed(seed)
    encoder, features = model.encoder(shape)
    predictor = Predictor(EpicentreNet(encoder, features), Epicentre(train.labels))
    checkpoints = Path(target).parent / CHECKPOINTS
    fit = replace(fit_of(settings), encoder_rate=1.0, balanced=False, pool_records=1)
    training = fit_predictor(
        predictor,
        train,
        validation,
        fit,
        seed=seed,
        what=what,
        checkpoints=checkpoints,
        key=f"{fit} {model} {seed} {data_digest({'train': train, 'validation': validation})} "
        f"{network_sha256(settings)} {environment()}",
    )
    if training.global_rank:
        return
    write_weights(encoder.state_dict(), about, target)
    shutil.rmtree(checkpoints, ignore_errors=True)
    best = training.history[training.best_epoch - 1]
    say(
        f"{what}: {len(train)} windows of {train.n_stations} stations; epicentres within "
        f"{best['validation_error_m_s']:.0f} km on average in validation"
    )


def _held_out(windows: Sequence[str | Path], channels: int, stations: Sequence[str]) -> Part:
    dataset = WindowDataset(windows, stations=stations, channels=channels)
    return Part(dataset, torch.full((len(dataset),), torch.nan))


def _parts(stations: Sequence[str], offsets: np.ndarray, seed: int) -> tuple[list[int], list[int]]:
    """Returns the rows that teach and those that select, by station; rows without epicentre in neither."""
    known = np.isfinite(offsets).all(axis=1)
    names = sorted({name for name, has in zip(stations, known, strict=True) if has})
    order = np.random.default_rng(seed).permutation(len(names))
    selecting = {names[place] for place in order[: len(names) // VALIDATION_SHARE]}
    rows = [index for index in range(len(stations)) if known[index]]
    return (
        [index for index in rows if stations[index] not in selecting],
        [index for index in rows if stations[index] in selecting],
    )
