"""The paper's twelve experiments (its Table I), as data.

Source: Yilmaz, Akagündüz and Tileylioglu, arXiv 2503.05224, Tables I and II.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Annotation = Literal["auto", "manual"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One row of Table I.

    Attributes:
        name: the experiment's name in paths and tables, e.g. `alpha_auto_pga`.
        transfer: the encoder starts from one pretrained on epicentre location, else from scratch.
        ps_channel: P/S times are given to the network as a fourth channel.
        train_annotation: whose picks annotate the training records.
        test_annotation: whose picks annotate the test records.
        window: the kind of window, a key of `windows.kinds`.
        printed: its place in the paper's Table II, or None where the paper does not print it.
    """

    name: str
    transfer: bool
    ps_channel: bool
    train_annotation: Annotation
    test_annotation: Annotation
    window: str
    printed: int | None = None

    @property
    def annotations(self) -> list[Annotation]:
        """The annotations whose windows this experiment reads, without repetition."""
        return list(dict.fromkeys((self.train_annotation, self.test_annotation)))


_ALL = (
    Experiment("alpha_auto_pga", False, True, "auto", "auto", "pga60", printed=4),
    Experiment("alpha_auto_p15", False, True, "auto", "auto", "p15", printed=3),
    Experiment("alpha_man_pga", False, True, "auto", "manual", "pga60", printed=2),
    Experiment("alpha_man_p15", False, True, "auto", "manual", "p15"),
    Experiment("beta_auto_pga", False, False, "auto", "auto", "pga60", printed=1),
    Experiment("beta_auto_p15", False, False, "auto", "auto", "p15"),
    Experiment("beta_man_pga", False, False, "auto", "manual", "pga60"),
    Experiment("beta_man_p15", False, False, "auto", "manual", "p15"),
    Experiment("gamma_ps_auto", True, True, "auto", "auto", "pga60", printed=5),
    Experiment("gamma_ps_man", True, True, "auto", "manual", "pga60"),
    Experiment("gamma_none_auto", True, False, "auto", "auto", "pga60"),
    Experiment("gamma_none_man", True, False, "auto", "manual", "pga60"),
)

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
"""The twelve by name, in the order of Table I."""

TABLE_II: list[str] = [
    e.name for e in sorted((e for e in _ALL if e.printed is not None), key=lambda e: e.printed or 0)
]
"""The five experiments that the paper's Table II prints, in its order."""
