"""Settings of the synthetic archive."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from quakesite.settings import Section


class DemoTraining(Section):
    """What training uses on the synthetic archive, so that the demonstration takes minutes."""

    max_epochs: Annotated[int, Field(ge=1)] = 12
    """Replaces `training.max_epochs`."""

    batch_size: Annotated[int, Field(ge=1)] = 16
    """Replaces `training.batch_size`."""

    start_from_mean: bool = True
    """Replaces `training.start_from_mean`: in so few steps the `paper` preset would not climb from 0 m/s to
    the mean Vs30, and all its error would be that."""


class DemoSettings(Section):
    """The synthetic archive in `resources/demo`, made while it is the only `archive`.

    Its own station list, MASW reports and manual picks are then used wherever `stations.tables`,
    `stations.reports` and `picks.manual` are left at their defaults, and `demo.training` wherever the
    key of that name in `training` is.
    """

    stations: Annotated[int, Field(ge=5, le=900)] = 60
    """Number of stations."""

    events: Annotated[int, Field(ge=1, le=500)] = 6
    """Number of earthquakes that each station records; each of the four regions has its own."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of everything drawn."""

    training: DemoTraining = DemoTraining()
    """What training uses on it."""
