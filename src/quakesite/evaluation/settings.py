"""Settings of the `evaluation` stage."""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import Field, field_validator

from quakesite.settings import Section
from quakesite.training.experiments import EXPERIMENTS

FORESTS = ("hvsr_forest", "hvsr_elevation_forest", "pwave_forest", "intensity_forest")
"""The baselines that learn, by name."""

BASELINES = (*FORESTS, "pwave_published", "slope_proxy")
"""The baselines of `skill.csv`, by name."""


class EvaluationSettings(Section):
    """How the tables are computed."""

    bootstrap: Annotated[int, Field(ge=100)] = 2000
    """Resamples of the stations behind each interval."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of the intervals of skill."""

    coverage: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    """Share of unseen stations whose Vs30 the intervals of `predictions.csv` are made to cover."""

    product: str = "best"
    """The model behind `predictions.csv`: `best` by validation, or an experiment or baseline by name.
    Stations that it has no records of are predicted by the next best."""

    outside_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Share of stations like those of the training data that `predictions.csv` may call `outside_data`."""

    ground_weight: Annotated[float, Field(ge=0)] = 0.5
    """What geology and lithology each count for in the regions, beside the location, where they are known
    (docs/evaluation.md). 0: location alone."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap, of the baselines' forests, of the shuffled control and of the regions."""

    @field_validator("product")
    @classmethod
    def _product_is_a_model(cls, value: str) -> str:
        known = ("best", *EXPERIMENTS, *BASELINES)
        if value not in known:
            near = difflib.get_close_matches(value, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise ValueError(f"unknown model {value!r}; {hint}")
        return value
