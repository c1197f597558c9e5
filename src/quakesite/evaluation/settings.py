"""Settings of the `evaluation` stage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from quakesite.settings import Section

BASELINES = ("hvsr_forest", "hvsr_elevation_forest", "pwave_forest", "intensity_forest")
"""The baselines of `skill.csv`, by name."""


class EvaluationSettings(Section):
    """How the tables are computed."""

    bootstrap: Annotated[int, Field(ge=100)] = 2000
    """Resamples of the stations behind each interval."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of the intervals of skill."""

    coverage: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    """Share of unseen stations whose Vs30 the intervals of `predictions.csv` are made to cover."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap."""
