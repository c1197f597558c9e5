"""Settings of the `training` stage."""

from __future__ import annotations

import difflib
import fnmatch
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from quakesite.own_file import known
from quakesite.picks.flags import Flag
from quakesite.settings import Section
from quakesite.training.experiments import EXPERIMENTS

Preset = Literal["paper", "quakesite"]
Family = Literal[
    "cnn_lstm",
    "cnn_lstm_linear",
    "spectral",
    "peak_spectra",
    "attention",
    "cnn",
    "resnet",
    "tcn",
    "resnet_stft",
    "tcn_stft",
]


Network = Annotated[
    str,
    AfterValidator(lambda network: known(network, get_args(Family), "network")),
    WithJsonSchema({"anyOf": [{"enum": list(get_args(Family))}, {"type": "string", "pattern": r"\.py$"}]}),
]
TargetName = Literal["m_s", "ln", "percent", "gaussian", "quantile"]
Augmentation = Literal["shift", "polarity", "rotation", "noise", "scale"]
Table = str | list[dict[str, Any]]


class AblationSettings(Section):
    """What `results/ablation.csv` compares. It is no part of a whole run: ask for the file by name."""

    experiment: str = "beta_auto_pga"
    """The experiment that every variant is trained on."""

    variants: Table | None = None
    """Like `training.variants`; the first one is what the others are compared with. null: the preset
    `quakesite`, and one piece after the other taken out or exchanged (resources/ablation.csv)."""


class TrainingSettings(Section):
    """Which experiments are trained, and how."""

    preset: Preset = "paper"
    """`paper`: the authors' choices, their collapse included. `quakesite`: normalised spectra, percentage
    error, station-balanced sampling. What follows as null is the preset's (docs/training.md)."""

    experiments: Literal["all"] | list[str] = "all"
    """`all` twelve of the paper's Table I, or a list of their names."""

    trials: Annotated[int, Field(ge=1, le=99)] = 3
    """Repetitions of each experiment, each with its own station split and seed. Five trials test every
    station once."""

    max_epochs: Annotated[int, Field(ge=1)] = 100
    """Most passes over the training windows."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""

    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = 1
    """How many GPUs share one training (Lightning's `ddp`); each takes its part of every `batch_size`.
    `auto`: all there are. Several trials side by side on one GPU each are faster."""

    precision: Literal[32, "bf16-mixed", "16-mixed"] = 32
    """Width of the floating-point numbers, by Lightning: `bf16-mixed` saves time and memory on GPUs that
    know it, and changes results a little."""

    requeue: bool = False
    """On Slurm: at the signal USR1, ask for the job to be queued again (`scontrol requeue`), by Lightning.
    It goes on from its last whole epoch. Needs `--signal=USR1@120` in the job's options."""

    logger: Literal["csv", "tensorboard"] = "csv"
    """`csv`: history.csv alone, which is always there. `tensorboard`: its event files beside it, in the
    folder tensorboard (needs the package of that name)."""

    network: Network | None = None
    """The network (docs/training.md), or the path of a Python file of your own
    (docs/how-to/new-model.md). null: the preset's (paper: cnn_lstm; quakesite: spectral)."""

    target: TargetName | None = None
    """What the network learns to say: Vs30 in `m_s`; its logarithm (`ln`); the Vs30 of least percentage error
    (`percent`), which is what is judged; or an interval with every prediction (`gaussian`, `quantile`).
    null: the preset's (paper: m_s; quakesite: percent)."""

    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Part of the features that is dropped in training. null: the network's own."""

    normalise: bool | None = None
    """Whether the network normalises each record first. null: the network's own way."""

    augment: list[Augmentation] | None = None
    """What is changed in training windows at random, and leaves the site as it is: `shift` in time,
    `polarity`, `rotation` of the horizontals about the vertical, `noise`, `scale`. null: the preset's
    (none)."""

    balanced: bool | None = None
    """Every station has the same share of an epoch. null: the preset's (paper: false; quakesite: true)."""

    pool_records: Annotated[int, Field(ge=1)] | None = None
    """Windows of one station that stand together in a batch and whose outputs are averaged before the loss.
    1: each stands for itself. null: the preset's (1)."""

    split_by: Literal["station", "station_and_event"] = "station"
    """`station`: no station is in two of train, validation and test. `station_and_event`: no earthquake
    either; windows are left out for it (each trial's `trial.json` counts them)."""

    train_stations: Annotated[int, Field(ge=1)] | None = None
    """Train on so many of a trial's train stations alone, drawn by the seed: fewer are always among more.
    Validation and test stay. For learning curves (docs/skill.md). null: all."""

    segment_s: Annotated[float, Field(gt=0)] = 1.0
    """Length of the segments that the network reads one after another, in seconds (paper: 1 to 5)."""

    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Windows in one optimiser step. null: the preset's (paper: 64)."""

    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """Adam's initial learning rate. null: the preset's (paper: 0.001)."""

    weight_decay: Annotated[float, Field(ge=0)] | None = None
    """Weight decay (AdamW). null: the preset's (paper: 0; quakesite: 0.01)."""

    schedule: Literal["step", "cosine"] | None = None
    """How the learning rate falls: `step`, to 0.9 of it every 20 epochs; `cosine`, to nothing at
    `max_epochs`. null: the preset's (paper: step; quakesite: cosine)."""

    keep: Literal["best", "last"] | None = None
    """Which weights predict: those of the epoch of least validation loss (`best`), or of the `last` one,
    which is then always `max_epochs`: with few validation stations the choice is mostly chance. null: the
    preset's (best)."""

    start_from_mean: bool = False
    """The output's bias starts at the mean Vs30 of the training windows. Left out (as the authors do), the
    `paper` preset starts at about 0 m/s and needs a few thousand steps to climb to the mean."""

    label_weights: Literal["none", "inverse_variance"] | None = None
    """What a training label counts for in the loss: `none`, all alike; `inverse_variance`,
    1 / (sigma² + label_residual_ln²) of its Vs30's uncertainty (`stations.sigma_ln`), mean 1. null: the
    preset's (paper: none; quakesite: inverse_variance)."""

    label_residual_ln: Annotated[float, Field(ge=0, le=2)] = 0.3
    """What a model errs by even on a certain label (standard deviation of ln Vs30), for `label_weights`. 0:
    weights of 1 / sigma² alone, under which a few borehole stations count for most."""

    encoder_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Learning rate of a transferred encoder (the gamma experiments), as a part of `learning_rate`. 0: it
    stays as it was pretrained."""

    encoder_channels: Literal[3] | None = None
    """3: all encoders are pretrained on E, N and Z alone, and what an experiment with the P/S channel adds
    starts from nothing. null: on the channels that the experiment has."""

    patience: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a better validation loss after which training stops, unless `keep` is last. null: 20
    with the preset paper, unless `schedule` is cosine; never with quakesite."""

    exclude_flags: dict[str, Annotated[list[Flag], Field(min_length=1)]] = {}
    """Windows left out of an experiment because of what its picks are flagged with (docs/picks.md), by name
    of the experiment or pattern: `{"*": [s_before_p], "alpha_*": [sp_implausible, p_unsettled]}`. Applied
    when training reads; each trial's `trial.json` counts them."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the splits, the initial weights and the order of the windows."""

    split_seed: Annotated[int, Field(ge=0)] | None = None
    """Seed of the splits alone, of stations and earthquakes. null: `seed`."""

    variants: Table | None = None
    """Other ways to train, to choose from by validation (`results/selection.csv`): a table (.csv) with a
    column `name` and columns named like keys of this section, or a list of `{name: ..., key: value}`
    (docs/training.md). null: none."""

    ablation: AblationSettings = AblationSettings()

    @model_validator(mode="after")
    def _experiments_are_known(self) -> TrainingSettings:
        if not self.names:
            raise ValueError(f"experiments: none; name some of {', '.join(EXPERIMENTS)}, or all")
        for name in self.names:
            if name not in EXPERIMENTS:
                near = difflib.get_close_matches(name, EXPERIMENTS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(EXPERIMENTS)}"
                raise ValueError(f"experiments: unknown experiment {name!r}; {hint}")
        return self

    @model_validator(mode="after")
    def _ablation_is_of_an_experiment(self) -> TrainingSettings:
        if self.ablation.experiment not in EXPERIMENTS:
            raise ValueError(
                f"ablation.experiment: {self.ablation.experiment!r}; known: {', '.join(EXPERIMENTS)}"
            )
        return self

    @model_validator(mode="after")
    def _exclusions_are_of_experiments(self) -> TrainingSettings:
        for pattern in self.exclude_flags:
            if not fnmatch.filter(EXPERIMENTS, pattern):
                raise ValueError(
                    f"exclude_flags: {pattern!r} matches no experiment; known: {', '.join(EXPERIMENTS)}"
                )
        return self

    def excluded_flags(self, experiment: str) -> list[str]:
        """Returns the flags whose windows an experiment leaves out, in the order of `Flag`."""
        patterns = [name for name in self.exclude_flags if fnmatch.fnmatchcase(experiment, name)]
        return [str(flag) for flag in Flag if any(flag in self.exclude_flags[name] for name in patterns)]

    @property
    def seed_of_splits(self) -> int:
        """The seed that deals stations and earthquakes."""
        return self.seed if self.split_seed is None else self.split_seed

    @property
    def names(self) -> list[str]:
        """The names of the experiments to train, in the order of Table I."""
        if self.experiments == "all":
            return list(EXPERIMENTS)
        of_the_paper = [name for name in EXPERIMENTS if name in self.experiments]
        return of_the_paper + [name for name in self.experiments if name not in EXPERIMENTS]


NOT_OF_A_TRIAL = ("experiments", "trials", "variants", "ablation")
"""Settings that no training depends on."""

NOT_OF_PRETRAINING = (
    *("balanced", "pool_records", "encoder_rate", "encoder_channels", "start_from_mean"),
    *("label_weights", "label_residual_ln", "exclude_flags", "train_stations"),
)
"""Settings of a trial that its encoder's pretraining does not depend on: not one bit of the file."""
