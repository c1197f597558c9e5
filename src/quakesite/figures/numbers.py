"""The run's own numbers, for captions: read from the results when a caption asks for them.

Light to import: the workflow makes these objects on every start, and most starts draw no caption.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class RunNumbers(dict[str, Any]):
    """Numbers of the run under `results` by name (the methods of `Tables`), each read when first asked for.

    A dictionary, so that it can lie in Snakemake's `config`, where the templates of captions find it as
    `snakemake.config["run"]`; it is written as an empty one wherever the configuration is.

    Args:
        results: the run's folder.
        n_shards: number of its shards.
        synthetic: whether its archive is the synthetic one.
        method: pick method whose signal-to-noise ratios the overview shows; None for the first of the table.
        confidence: of the intervals of skill (settings of the stage `evaluation`).
        ground_weight: what geology and lithology count for in the regions (same settings).
    """

    def __init__(
        self,
        results: str | Path,
        n_shards: int,
        *,
        synthetic: bool = False,
        method: str | None = None,
        confidence: float = 0.95,
        ground_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.results, self.synthetic = Path(results), synthetic
        self.n_shards, self.method = n_shards, method
        self.confidence, self.ground_weight = confidence, ground_weight

    def __missing__(self, name: str) -> Any:
        from quakesite.figures.run_tables import Tables

        if name.startswith("_") or not hasattr(Tables, name):
            raise KeyError(name)
        self[name] = getattr(Tables(self.results, self.n_shards, self.method), name)()
        return self[name]
