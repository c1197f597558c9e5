"""What a run left at each stage: how much went in, what came out, what was refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc

from quakesite import rejects
from quakesite.picks.schema import PICKS
from quakesite.shards import shard_names
from quakesite.stations.schema import STATIONS
from quakesite.tables import open_parquet, read_all, read_parquet


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the summary.

    Attributes:
        stage: the stage's name.
        what: what is counted.
        kept: how many there are.
        rejected: how many were refused, by reason.
    """

    stage: str
    what: str
    kept: int
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def reasons(self) -> str:
        """The refusals, most frequent first, as `12 low_snr, 3 no_pick`."""
        ordered = sorted(self.rejected.items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(f"{count} {reason}" for reason, count in ordered)


def steps(results: str | Path, n_shards: int) -> list[Step]:
    """Returns what stands under `results`, stage by stage; stages that have not run are left out.

    Only the shards of `n_shards` count, and only the pick methods that stand in `picks.parquet`: what earlier
    configurations made may still lie beside them.
    """
    results = Path(results)
    shards = shard_names(n_shards)
    return [
        *_records(results / "records", shards),
        *_stations(results / "stations"),
        *_shards(results, shards),
    ]


def read_rejects(sources: Sequence[str | Path]) -> list[dict[str, str]]:
    """Returns the rows of all rejects tables in `sources` as one list, sorted."""
    rows: list[dict[str, str]] = read_all(sources, rejects.SCHEMA).to_pylist()
    return sorted(rows, key=lambda row: tuple(row[name] for name in rejects.SCHEMA.names))


def _records(folder: Path, shards: Sequence[str]) -> Iterator[Step]:
    sources = folder / "sources.parquet"
    if sources.is_file():
        refused = _reasons([folder / "rejects" / "archive.parquet"])
        yield Step("records", "files of the archive", _rows(sources), refused)
    read = _existing(folder / f"{shard}.parquet" for shard in shards)
    if read:
        refused = _reasons(_existing(folder / "rejects" / f"{shard}.parquet" for shard in shards))
        yield Step("records", "records read", sum(map(_rows, read)), refused)


def _stations(folder: Path) -> Iterator[Step]:
    table = folder / "stations.parquet"
    if table.is_file():
        vs30 = read_parquet(table, STATIONS, columns=["vs30_m_s"])["vs30_m_s"]
        yield Step("stations", "stations", len(vs30), _reasons([folder / "rejects.parquet"]))
        yield Step("stations", "stations with a measured Vs30", len(vs30) - vs30.null_count)


def _shards(results: Path, shards: Sequence[str]) -> Iterator[Step]:
    joined = results / "picks.parquet"
    present = (
        set(read_parquet(joined, PICKS, columns=["method"])["method"].to_pylist())
        if joined.is_file()
        else None
    )
    for folder in _folders(results / "picks"):
        found = _existing(folder / f"{shard}.parquet" for shard in shards)
        refused = _reasons(
            _existing(results / "picks/rejects" / folder.name / f"{shard}.parquet" for shard in shards)
        )
        phases = Counter(
            phase
            for path in found
            for phase in read_parquet(path, PICKS, columns=["phase"])["phase"].to_pylist()
        )
        left_over = present is not None and bool(phases) and folder.name not in present
        if found and not left_over:
            yield Step("picks", f"P picks, {folder.name}", phases["P"], refused)
            yield Step("picks", f"S picks, {folder.name}", phases["S"])
    for window in _folders(results / "windows"):
        for folder in _folders(window):
            inner = Path(window.name) / folder.name
            found = _existing(folder / f"{shard}.parquet" for shard in shards)
            refused = _reasons(
                _existing(results / "windows/rejects" / inner / f"{shard}.parquet" for shard in shards)
            )
            if found:
                yield Step(
                    "windows", f"windows {window.name}, {folder.name} picks", sum(map(_rows, found)), refused
                )


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "rejects")


def _existing(paths: Iterator[Path]) -> list[Path]:
    return [path for path in paths if path.is_file()]


def _rows(path: Path) -> int:
    with open_parquet(path) as file:
        return int(file.metadata.num_rows)


def _reasons(paths: Sequence[Path]) -> Counter[str]:
    reasons = read_all([path for path in paths if path.is_file()], rejects.SCHEMA)["reason"]
    return Counter({item["values"]: item["counts"] for item in pc.value_counts(reasons).to_pylist()})
