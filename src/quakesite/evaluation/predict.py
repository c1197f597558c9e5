"""Vs30 from a user's own records: the workflow's stages, run on a folder of their own.

Records become a shard, the shard is picked and windowed by the same functions as in the workflow, and the
model speaks: the same records give the same figures.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from quakesite.errors import InputError
from quakesite.evaluation.card import RANGES
from quakesite.evaluation.pooling import Estimate
from quakesite.evaluation.schema import PREDICT
from quakesite.own_file import is_own
from quakesite.picks.networks import NETWORKS
from quakesite.picks.picked import picks_table
from quakesite.picks.schema import PICKS
from quakesite.picks.shard import ShardPicks, by_author, by_kalkan, by_network
from quakesite.records.reading import read
from quakesite.records.record import Record
from quakesite.records.store import write_records
from quakesite.rejects import Reason, Reject
from quakesite.tables import write_parquet

if TYPE_CHECKING:
    from quakesite.evaluation.saved import AnyModel

LIMITS = {name: RANGES[name] for name in ("epicentral_distance_km", "magnitude")}
"""What is said of a record beyond the model's: label, unit and decimals by column."""
SHARD = "0-of-1"


def predict_records(
    model: AnyModel,
    records: Sequence[Record],
    weights: str | Path | None = None,
    rejects: list[Reject] | None = None,
) -> list[Estimate]:
    """Returns Vs30 of each station that has usable records, sorted by station.

    Args:
        model: the model.
        records: the records, any number of each station.
        weights: the picking network's; None: nothing is picked.
        rejects: records that are refused are appended here; without it they make one warning.

    Raises:
        InputError: the model needs picks and there is nothing to pick with.
        RuntimeError: a record was neither predicted nor refused.
    """
    refused: list[Reject] = []
    own = _one_of_each(records, refused)
    with tempfile.TemporaryDirectory(prefix="quakesite-") as scratch:
        shard = Path(scratch) / "records" / f"{SHARD}.parquet"
        write_records(own, shard)
        picks, picked = _picks(model, shard, weights)
        seen = model.look(shard, picks, refused, limited=picked)
        if len(seen.stations) + len(refused) != len(records):
            counts = f"{len(seen.stations)} predicted, {len(refused)} refused"
            raise RuntimeError(f"{len(records)} records in, {counts}")
        found = model.estimates(seen.table, seen.features, seen.stations)
    found = _beyond(found, own, model)
    if rejects is not None:
        rejects += refused
        return found
    if refused:
        first = f"{refused[0].record_id}: {refused[0].reason}: {refused[0].detail}"
        warnings.warn(f"{len(refused)} records refused, the first {first}", stacklevel=3)
    if model.audit:
        warnings.warn(model.audit, stacklevel=3)
    return found


def beyond(record: Record, model: AnyModel) -> list[str]:
    """Returns how a record goes beyond those that the model was made from: its distance, its magnitude.

    The workflow refuses records from too far away; here the user has chosen them, and is told.

    Args:
        record: the record.
        model: the model; one that does not know what it has seen has nothing to say.
    """
    found = []
    for name, (label, unit, decimals) in LIMITS.items():
        if name not in model.ranges:
            continue
        low, high = model.ranges[name]
        value = getattr(record, name)
        if value is None:
            found.append(f"{label} not known")
        elif not low <= value <= high:
            seen = f"{low:.{decimals}f} to {high:.{decimals}f}{unit}"
            found.append(f"{label} {value:.{decimals}f}{unit}, seen {seen}")
    return found


def _beyond(found: Sequence[Estimate], records: Sequence[Record], model: AnyModel) -> list[Estimate]:
    said: dict[str, list[str]] = {}
    for record in records:
        said.setdefault(record.station, []).extend(beyond(record, model))
    return [replace(one, beyond=tuple(dict.fromkeys(said[one.station]))) for one in found]


def read_records(paths: Sequence[str | Path], rejects: list[Reject]) -> list[Record]:
    """Returns the records at `paths`, each once, sorted by `record_id`.

    Files named one by one may belong to one record: it is read once.

    Args:
        paths: files, folders or zips of any form.
        rejects: what is refused is appended here.

    Raises:
        InputError: a path does not exist or holds no record, or none of the records can be read.
    """
    found: dict[str, Record] = {}
    used: set[str] = set()
    wrong: list[InputError] = []
    for path in map(str, paths):
        if path in used:
            continue
        refused: list[Reject] = []
        try:
            records = read(path, rejects=refused)
        except InputError as error:
            if all(reject.reason is Reason.NOT_A_RECORD for reject in refused):
                raise
            wrong.append(error)
            records = []
        rejects += [reject for reject in refused if reject.source not in used]
        for record in records:
            twin = next((kept for kept in found.values() if _same_motion(kept, record)), None)
            if twin is None:
                found[record.record_id] = record
                used.update(record.sources)
            elif not used.issuperset(record.sources):
                detail = f"kept is {twin.sources[0]}"
                rejects.append(Reject(record.record_id, record.sources[0], PREDICT, Reason.DUPLICATE, detail))
    if not found and wrong:
        raise wrong[0]
    return [found[name] for name in sorted(found)]


def _same_motion(one: Record, other: Record) -> bool:
    """Whether two records are of one station and one time: the same event may have two stamps."""
    if one.record_id == other.record_id or one.station != other.station:
        return one.record_id == other.record_id
    if one.start_time is None or other.start_time is None or one.end_time is None or other.end_time is None:
        return False
    return one.start_time <= other.end_time and other.start_time <= one.end_time


def _one_of_each(records: Sequence[Record], refused: list[Reject]) -> list[Record]:
    kept: dict[str, Record] = {}
    for record in records:
        if record.record_id in kept:
            source = next(iter(record.sources), "")
            detail = "another record of this event at this station was kept"
            refused.append(Reject(record.record_id, source, PREDICT, Reason.DUPLICATE, detail))
        else:
            kept[record.record_id] = record
    return [kept[name] for name in sorted(kept)]


def _picks(model: AnyModel, shard: Path, weights: str | Path | None) -> tuple[Path, bool]:
    """Returns the picks of the records in `shard`, and whether any were looked for."""
    method = model.picks.methods[0]
    found: ShardPicks | None = None
    if not model.looks_at_picks:
        pass
    elif method in NETWORKS and weights is not None:
        found = by_network(shard, method, _as_written(weights, method, shard.parent), model.picks)
    elif method == "kalkan":
        found = by_kalkan(shard)
    elif method == "author":
        found = by_author(shard)
    elif is_own(method) and model.cannot_do_without_picks:
        raise InputError(
            model.folder,
            f"needs the picks of {method}, a file of its maker's, which no model may run",
            action="put the records into the workflow's archive, with that file in picks.methods",
        )
    elif model.cannot_do_without_picks:
        raise InputError(
            model.folder,
            f"needs {model.needed_picks} picks",
            expected=f"the weights of {method}",
            action="make them with `quakesite picks weights --out FILE` and give them as --weights FILE",
        )
    target = shard.with_name("picks.parquet")
    table = PICKS.empty_table()
    if found is not None and found.found:
        table = picks_table(found.found, found.method, found.weights)
    write_parquet(table, target)
    return target, found is not None


def _as_written(weights: str | Path, method: str, scratch: Path) -> Path:
    """Returns weights as `quakesite picks weights` writes them, made from SeisBench's form if need be."""
    path = Path(weights)
    if not path.exists():
        raise InputError(
            path,
            "not found",
            expected=f"the weights of {method}",
            action=f"make them with `quakesite picks weights --out {path}`",
        )
    if path.suffix == ".safetensors":
        return path
    from quakesite.picks.origins import get_weights

    target = scratch / "weights.safetensors"
    get_weights(str(path), target, method)
    return target
