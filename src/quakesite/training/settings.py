"""Settings of the `training` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

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

    encoder_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Learning rate of a transferred encoder (the gamma experiments), as a part of `learning_rate`. 0: it
    stays as it was pretrained."""

    patience: Annotated[int, Field(ge=1)] = 20
    """Epochs without a better validation error after which training stops."""

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

    @property
    def names(self) -> list[str]:
        """The names of the experiments to train, in the order of Table I."""
        if self.experiments == "all":
            return list(EXPERIMENTS)
        known = [name for name in EXPERIMENTS if name in self.experiments]
        return known + [name for name in self.experiments if name not in EXPERIMENTS]
