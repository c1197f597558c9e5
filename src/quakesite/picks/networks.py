"""The pickers of SeisBench that run here, by the name they have in the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NetworkName = Literal["eqtransformer", "phasenet", "obstransformer", "phasenetlight", "skynet"]
"""The names that stand in the configuration, in paths and in tables."""


@dataclass(frozen=True, slots=True)
class Network:
    """One picker.

    Attributes:
        seisbench: name of its class in `seisbench.models`.
        pretrained: the pretrained weights that `auto` means; None where they must be named.
    """

    seisbench: str
    pretrained: str | None = None


NETWORKS: dict[str, Network] = {
    "eqtransformer": Network("EQTransformer", "original"),
    "phasenet": Network("PhaseNet", "original"),
    "obstransformer": Network("OBSTransformer", "obst2024"),
    "phasenetlight": Network("PhaseNetLight"),
    "skynet": Network("Skynet"),
}
"""What takes three components and gives a probability of P and one of S for every sample."""

PHASES = ("P", "S")
"""What is picked, in the order of all tables."""

EQTRANSFORMER: NetworkName = "eqtransformer"
AUTO = "auto"


def is_path(origin: str) -> bool:
    """Returns whether `origin` means a place on disk rather than pretrained weights by name."""
    return "/" in origin or bool(Path(origin).suffix) or Path(origin).exists()
