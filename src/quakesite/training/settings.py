"""Settings of the `training` stage."""

from __future__ import annotations

import fnmatch
from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.picks.flags import Flag
from quakesite.settings import Section
from quakesite.training.experiments import EXPERIMENTS

Preset = Literal["paper", "quakesite"]


class TrainingSettings(Section):
    """Which experiments are trained, and how."""

    preset: Preset = "paper"
    """`paper`: the authors' choices, their collapse included. `quakesite`: normalised input, ln Vs30
    target, station-balanced sampling."""

    experiments: Literal["all"] | list[str] = "all"
    """`all` twelve of the paper's Table I, or a list of their names."""

    trials: Annotated[int, Field(ge=1, le=99)] = 3
    """Repetitions of each experiment, each with its own station split and seed. Five trials test every
    station once."""

    max_epochs: Annotated[int, Field(ge=1)] = 100
    """Most passes over the training windows."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""

    segment_s: Annotated[float, Field(gt=0)] = 1.0
    """Length of the segments that the network reads one after another, in seconds (paper: 1 to 5)."""

    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Windows in one optimiser step. null: the preset's (paper: 64)."""

    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """Adam's initial learning rate. null: the preset's (paper: 0.001)."""

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

    patience: Annotated[int, Field(ge=1)] = 20
    """Epochs without a better validation error after which training stops."""

    exclude_flags: dict[str, Annotated[list[Flag], Field(min_length=1)]] = {}
    """Windows left out of an experiment because of what its picks are flagged with (docs/picks.md), by name
    of the experiment or pattern: `{"*": [s_before_p], "alpha_*": [sp_implausible, p_unsettled]}`. Applied
    when training reads; each trial's `trial.json` counts them."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the splits, the initial weights and the order of the windows."""

    @model_validator(mode="after")
    def _experiments_are_known(self) -> TrainingSettings:
        import difflib

        if not self.names:
            raise ValueError(f"experiments: none; name some of {', '.join(EXPERIMENTS)}, or all")
        for name in self.names:
            if name not in EXPERIMENTS:
                near = difflib.get_close_matches(name, EXPERIMENTS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(EXPERIMENTS)}"
                raise ValueError(f"experiments: unknown experiment {name!r}; {hint}")
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
    def names(self) -> list[str]:
        """The names of the experiments to train, in the order of Table I."""
        if self.experiments == "all":
            return list(EXPERIMENTS)
        known = [name for name in EXPERIMENTS if name in self.experiments]
        return known + [name for name in self.experiments if name not in EXPERIMENTS]
