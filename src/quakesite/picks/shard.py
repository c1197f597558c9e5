"""One shard's records, picked by one method: the picks, and the records that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.own_file import name_of
from quakesite.picks import quakeml
from quakesite.picks.kalkan import pick as kalkan_picks
from quakesite.picks.manual import QUAKEML_SUFFIXES, ManualPick, ManualPicks, read_manual
from quakesite.picks.networks import NETWORKS
from quakesite.picks.own import own_method
from quakesite.picks.picked import NO_WEIGHTS, Arrival, Picked, WeightsName, picked
from quakesite.picks.settings import PicksSettings
from quakesite.progress import track
from quakesite.records.record import Record
from quakesite.records.schema import RECORDS
from quakesite.records.store import iter_records
from quakesite.rejects import Reason, Reject
from quakesite.shards import n_shards_of, shard_of
from quakesite.tables import read_parquet

STAGE = "picks"


@dataclass
class ShardPicks:
    """Picks and rejects of a shard by one method."""

    method: str
    weights: WeightsName = NO_WEIGHTS
    found: list[Picked] = field(default_factory=list)
    unpicked: list[Picked] = field(default_factory=list)
    """Of the records rejected: what there was besides P and S."""
    rejects: list[Reject] = field(default_factory=list)

    def add(self, one: Picked, sources: Iterable[str]) -> None:
        """Takes a record's picks; where there are none, the record is rejected."""
        if one.p is None and one.s is None:
            source = next(iter(sources), "")
            detail = f"{self.method} found neither P nor S"
            self.rejects.append(Reject(one.record_id, source, STAGE, Reason.NO_PICK, detail))
            self.unpicked.append(one)
        else:
            self.found.append(one)

    def check_balance(self, n_in: int) -> None:
        """Raises RuntimeError unless every record that went in came out or was rejected."""
        if n_in != len(self.found) + len(self.rejects):
            out = f"{len(self.found)} picked, {len(self.rejects)} rejected"
            raise RuntimeError(f"picks ({self.method}): {n_in} records in, {out}")


def by_network(shard: str | Path, method: str, weights: str | Path, settings: PicksSettings) -> ShardPicks:
    """Returns the picks of a network of SeisBench in the shard of records at `shard`.

    Args:
        shard: the shard of records.
        method: the network, a key of `NETWORKS`.
        weights: its weights, as written by `quakesite picks weights`.
        settings: how it is run.

    Raises:
        InputError: the shard or the weights cannot be read, or the weights are another network's.
    """
    n_records = count_records(shard)
    result = ShardPicks(method)
    if not n_records:
        return result
    import torch

    from quakesite.picks import picker
    from quakesite.picks.device import on_device
    from quakesite.picks.weights import load_network, weights_name

    torch.set_num_threads(1)  # jobs run in parallel; results must not depend on the number of cores
    result.weights = WeightsName(weights_name(weights), sha256_of(weights))
    model = load_network(weights)
    expected = NETWORKS[method].seisbench
    if type(model).__name__ != expected:
        raise InputError(weights, f"weights of {model.name}", expected=f"weights of {expected}")
    model = on_device(model, settings.device)
    sources: dict[str, tuple[str, ...]] = {}

    def noted() -> Iterator[Record]:
        for record in iter_records(shard):
            sources[record.record_id] = record.sources
            yield record

    found = picker.pick(noted(), model, settings)
    for one in track(found, f"{method} {Path(shard).stem}", n_records):
        result.add(one, sources.pop(one.record_id))
    result.check_balance(n_records)
    return result


def by_author(shard: str | Path) -> ShardPicks:
    """Returns the picks that came with the records of the shard at `shard` (AFAD-1218 `.mat`)."""
    result = ShardPicks("author")
    n_records = 0
    for record in iter_records(shard):
        n_records += 1
        result.add(picked(record, _arrival(record.author_p_s), _arrival(record.author_s_s)), record.sources)
    result.check_balance(n_records)
    return result


def by_kalkan(shard: str | Path) -> ShardPicks:
    """Returns the P picks of Kalkan's method in the shard of records at `shard`."""
    result = ShardPicks("kalkan")
    n_records = count_records(shard)
    for record in track(iter_records(shard), f"kalkan {Path(shard).stem}", n_records):
        result.add(picked(record, _arrival(kalkan_picks(record)), None), record.sources)
    result.check_balance(n_records)
    return result


def by_own(shard: str | Path, file: str) -> ShardPicks:
    """Returns the picks of a method of one's own in the shard of records at `shard`.

    Args:
        shard: the shard of records.
        file: the Python file with the method; its name and sha256 stand in the tables as those of weights do.

    Raises:
        InputError: the file has no method in it, or what that gives for a record are no times.
    """
    pick = own_method(file)
    result = ShardPicks(name_of(file), WeightsName(Path(file).name, sha256_of(file)))
    n_records = count_records(shard)
    for record in track(iter_records(shard), f"{result.method} {Path(shard).stem}", n_records):
        p_s, s_s = pick(record)
        result.add(picked(record, _arrival(p_s), _arrival(s_s)), record.sources)
    result.check_balance(n_records)
    return result


def by_hand(shard: str | Path, table: str | Path, name: str) -> ShardPicks:
    """Returns the picks made by hand of those records that belong to a shard.

    Args:
        shard: the shard of records.
        table: all picks made by hand (CSV or QuakeML); those of other
            shards are left alone.
        name: the shard's name, e.g. `3-of-8`.

    Raises:
        InputError: the table is not understood, or the name is not a shard's.
    """
    n_shards = n_shards_of(name)
    waiting = {
        record_id: of_record
        for record_id, of_record in read_picks(table, shard).items()
        if shard_of(record_id.partition("_")[2], n_shards) == name
    }
    n_records = len(waiting)
    result = ShardPicks("manual")
    for record in iter_records(shard):
        of_record = waiting.pop(record.record_id, None)
        if of_record is not None:
            arrivals = picked(record, _by_hand(of_record.get("P")), _by_hand(of_record.get("S")))
            result.add(arrivals, record.sources)
    for record_id, of_record in waiting.items():
        detail = ", ".join(f"{phase} at {pick.time_s:g} s" for phase, pick in sorted(of_record.items()))
        result.rejects.append(Reject(record_id, str(table), STAGE, Reason.UNKNOWN_RECORD, detail))
    result.check_balance(n_records)
    return result


def read_picks(table: str | Path, shard: str | Path) -> ManualPicks:
    """Returns the picks at `table`, CSV or QuakeML by its suffix, by record and phase.

    QuakeML has stations and times, no records; they are looked up in the shard at `shard`.

    Raises:
        InputError: the table is not understood.
    """
    if Path(table).suffix.lower() not in QUAKEML_SUFFIXES:
        return read_manual(table)
    records = read_parquet(shard, RECORDS, columns=quakeml.RECORD_COLUMNS).to_pylist()
    return quakeml.relative(quakeml.read_quakeml(table), records, table)


def count_records(shard: str | Path) -> int:
    """Returns how many records the shard at `shard` holds.

    Raises:
        InputError: the file is no shard of records.
    """
    return int(read_parquet(shard, RECORDS, columns=["record_id"]).num_rows)


def _arrival(time_s: float | None) -> Arrival | None:
    return None if time_s is None else Arrival(time_s)


def _by_hand(pick: ManualPick | None) -> Arrival | None:
    if pick is None:
        return None
    return Arrival(pick.time_s, None, pick.analyst, pick.uncertainty_s, pick.comment)
