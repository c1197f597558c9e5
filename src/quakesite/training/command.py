"""The `quakesite training` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quakesite.options import SeveralValues

app = typer.Typer()

Settings = Annotated[
    str | None,
    typer.Option("--settings", help="The `training` section as JSON; without it that of ./config.yaml."),
]
Trial = Annotated[int, typer.Option("--trial", min=1, help="Number of the trial, from 1.")]
Splits = Annotated[
    Path, typer.Option("--splits", help="Table of splits, made by `quakesite training splits`.")
]


def _experiments(begun: str) -> list[str]:
    from quakesite.training.experiments import EXPERIMENTS

    return [name for name in EXPERIMENTS if name.startswith(begun)]


@app.command()
def splits(
    stations: Annotated[Path, typer.Argument(help="Table of stations with their Vs30 (Parquet).")],
    out: Annotated[Path, typer.Option("--out", help="Where the splits are written (CSV).")],
    trial: Annotated[
        int | None,
        typer.Option("--trial", min=1, help="Only this trial; without it all that are configured."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the configured seed.")] = None,
    settings: Settings = None,
) -> None:
    """Deal the stations to train, validation and test, trial by trial."""
    from quakesite.options import section_from
    from quakesite.tables import write_csv
    from quakesite.training.settings import TrainingSettings
    from quakesite.training.splits import make_splits, read_vs30

    given = trial is not None and seed is not None
    training = TrainingSettings() if given else section_from(TrainingSettings, "training", settings)
    trials = range(1, training.trials + 1) if trial is None else [trial]
    vs30, bare = read_vs30(stations)
    write_csv(make_splits(vs30, trials, training.seed_of_splits if seed is None else seed, bare), out)


@app.command(cls=SeveralValues)
def pretrain(
    trial: Trial,
    channels: Annotated[int, typer.Option("--channels", min=3, max=4, help="3, or 4 with P/S.")],
    splits: Splits,
    out: Annotated[Path, typer.Option("--out", help="Where the encoder is written (safetensors).")],
    windows: Annotated[list[Path] | None, typer.Option("--windows", help="Shards of windows.")] = None,
    settings: Settings = None,
) -> None:
    """Train an encoder on epicentres, for the gamma experiments to start from."""
    from quakesite.options import section_from
    from quakesite.training.pretrain import pretrain
    from quakesite.training.settings import TrainingSettings

    training = section_from(TrainingSettings, "training", settings)
    pretrain(trial, channels, windows or [], splits, training, out)


@app.command(cls=SeveralValues)
def train(
    experiment: Annotated[
        str, typer.Argument(help="Name of the experiment, e.g. alpha_auto_pga.", autocompletion=_experiments)
    ],
    trial: Trial,
    stations: Annotated[
        Path, typer.Option("--stations", help="Table of stations with their Vs30 (Parquet).")
    ],
    splits: Splits,
    out_dir: Annotated[Path, typer.Option("--out-dir", help="Where the trial's files are written.")],
    train_windows: Annotated[
        list[Path] | None, typer.Option("--train-windows", help="Shards to train and select on.")
    ] = None,
    test_windows: Annotated[
        list[Path] | None, typer.Option("--test-windows", help="Shards to test on, once, at the end.")
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option("--encoder", help="Pretrained encoder, for the gamma experiments.")
    ] = None,
    settings: Settings = None,
) -> None:
    """Train one trial of one experiment, and predict all its records."""
    from quakesite.errors import InputError, did_you_mean
    from quakesite.options import section_from
    from quakesite.training.experiments import EXPERIMENTS
    from quakesite.training.settings import TrainingSettings

    if experiment not in EXPERIMENTS:
        expected = f"one of {', '.join(EXPERIMENTS)}"
        action = did_you_mean(experiment, EXPERIMENTS)
        raise InputError("EXPERIMENT", repr(experiment), expected=expected, action=action)
    if EXPERIMENTS[experiment].transfer and encoder is None:
        found = f"not given, and {experiment} starts from a pretrained encoder"
        raise InputError("--encoder", found, action="make one: quakesite training pretrain --help")
    training = section_from(TrainingSettings, "training", settings)
    from quakesite.training.train import Files, train_trial

    files = Files(train_windows or [], test_windows or [], stations, splits, encoder)
    train_trial(EXPERIMENTS[experiment], trial, files, training, out_dir)


@app.command(cls=SeveralValues)
def select(
    folders: Annotated[list[Path], typer.Argument(help="Folders of trials, any number.")],
    trials: Annotated[Path, typer.Option("--trials", help="Table of all trials to write (CSV).")],
    out: Annotated[Path, typer.Option("--out", help="Table of the chosen variants to write (CSV).")],
) -> None:
    """List all trials, and choose each experiment's variant by its error on validation stations."""
    from quakesite.training.selection import write_selection

    write_selection(folders, trials, out)
