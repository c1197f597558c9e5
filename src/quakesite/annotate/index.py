"""Where each record lies in the shards, so that one of 36,000 is read without reading the others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from quakesite.annotate.notebook import Stale
from quakesite.errors import InputError
from quakesite.records.schema import METADATA, RECORDS, from_bytes
from quakesite.tables import open_parquet

LISTED = (
    "record_id",
    "station",
    "magnitude",
    "epicentral_distance_km",
    "ev_depth_km",
    "sampling_rate_hz",
    "n_samples",
)
"""What is held in memory of every record."""

KEPT_IN_MEMORY = 12
"""Records whose samples stay in memory: the present one, its neighbours, and what was just looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record as the page shows it.

    `metadata` has the columns of `records.schema.METADATA`; `acceleration` is float32 of shape
    (3, n_samples), order E N Z, in cm/s^2.
    """

    metadata: dict[str, Any]
    acceleration: npt.NDArray[np.float32]

    @property
    def rate_hz(self) -> float:
        """Samples per second."""
        return float(self.metadata["sampling_rate_hz"])


class UnknownRecord(LookupError):
    """A record that was asked for and is not there; the text is its name."""


class RecordIndex:
    """All records of a set of shards, sorted by `record_id`, hence by event and then station.

    Raises:
        InputError: there is no shard, one is no shard, or two hold the same record.
    """

    def __init__(self, shards: Sequence[str | Path]) -> None:
        if not shards:
            raise InputError("records", "no shard", action="make them first: snakemake --until records")
        self._paths = [Path(shard) for shard in shards]
        tables, places = zip(*(_listed(path) for path in self._paths), strict=True)
        table = pa.concat_tables(tables)
        order = pc.sort_indices(table, sort_keys=[("record_id", "ascending")])
        table = table.take(order)
        numbers = np.repeat(np.arange(len(places)), [len(place) for place in places])
        self._places = np.column_stack([numbers, np.concatenate(places)])[order.to_pylist()]
        self.record_ids: list[str] = table["record_id"].to_pylist()
        self.stations: list[str] = table["station"].to_pylist()
        self.magnitudes: list[float | None] = table["magnitude"].to_pylist()
        self.distances_km: list[float | None] = table["epicentral_distance_km"].to_pylist()
        self.depths_km: list[float | None] = table["ev_depth_km"].to_pylist()
        self.rates_hz: list[float] = table["sampling_rate_hz"].to_pylist()
        self.n_samples: list[int] = table["n_samples"].to_pylist()
        self.positions = {record_id: place for place, record_id in enumerate(self.record_ids)}
        if len(self.positions) < len(self.record_ids):
            raise InputError("records", "two shards hold the same record", action="delete them and run again")
        self._cache: OrderedDict[str, Record] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.record_ids)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self.positions

    def position(self, record_id: str) -> int:
        """Returns the place of a record in the list.

        Raises:
            UnknownRecord: there is no such record.
        """
        try:
            return self.positions[record_id]
        except KeyError:
            raise UnknownRecord(record_id) from None

    def read(self, record_id: str) -> Record:
        """Returns one record with its samples; safe to call from several threads.

        Raises:
            UnknownRecord: there is no such record.
            Stale: the shard has been written anew since the index was made.
            InputError: the shard cannot be read.
        """
        with self._lock:
            if record_id in self._cache:
                self._cache.move_to_end(record_id)
                return self._cache[record_id]
            file, group, row = (int(number) for number in self._places[self.position(record_id)])
            record = _read(self._paths[file], group, row, record_id)
            self._cache[record_id] = record
            if len(self._cache) > KEPT_IN_MEMORY:
                self._cache.popitem(last=False)
            return record


def _listed(path: Path) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Returns the listed columns of a shard, and for each row its row group and place in it."""
    with open_parquet(path, expected="a shard of records") as file:
        missing = [name for name in RECORDS.names if name not in file.schema_arrow.names]
        if missing:
            raise InputError(path, "column missing", field=", ".join(missing), expected="a shard of records")
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        table = file.read(columns=list(LISTED))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])
    return table, np.column_stack([groups, rows]).astype(np.int64)


def _read(path: Path, group: int, row: int, record_id: str) -> Record:
    stale = Stale(path, "changed while the page was open", action="start quakesite annotate again")
    with open_parquet(path, expected="a shard of records") as file:
        if group >= file.num_row_groups:
            raise stale
        table = file.read_row_group(group, columns=[*METADATA, "acceleration"])
    if row >= len(table) or table["record_id"][row].as_py() != record_id:
        raise stale
    metadata = table.select(METADATA).slice(row, 1).to_pylist()[0]
    return Record(metadata, from_bytes(memoryview(table["acceleration"][row].as_buffer())).copy())
