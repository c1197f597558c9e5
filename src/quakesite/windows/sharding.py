"""From a shard of records and its picks to a shard of windows and the table of what was refused."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quakesite import __version__
from quakesite.errors import InputError
from quakesite.picks.schema import PICKS
from quakesite.progress import say, track
from quakesite.records.record import Record
from quakesite.records.store import iter_records
from quakesite.rejects import Reason, Reject, rejects_table
from quakesite.tables import read_parquet, sealed_path, write_parquet
from quakesite.windows.cutting import Cut, RecordPicks, Refused, anchor_pick_s, cut
from quakesite.windows.schema import METADATA, TENSOR, WINDOWS, Description
from quakesite.windows.settings import WindowsSettings

ROW_GROUP = 64
MANUAL = "manual"
Annotation = Literal["auto", "manual"]


@dataclass(frozen=True, slots=True)
class Picks:
    """The picks of one shard: those of each record, the method, and the sha256 of its weights."""

    by_record: dict[str, RecordPicks]
    method: str
    weights_sha256: str


def read_picks(source: str | Path) -> Picks:
    """Returns the picks in a shard of the `picks` stage.

    Raises:
        InputError: it is no such table, or holds several methods, several picks of one phase of a record,
            an unknown phase, or a time that is no finite number.
    """
    table = read_parquet(source, PICKS)
    methods = table["method"].unique().to_pylist()
    if len(methods) > 1:
        raise InputError(
            source, ", ".join(sorted(methods)), field="method", expected="the picks of one method"
        )
    times: dict[tuple[str, str], float] = {}
    snr: dict[str, float | None] = {}
    flags: dict[str, set[str]] = {}
    for row in table.select(["record_id", "phase", "time_s", "snr_db", "flags"]).to_pylist():
        record_id, phase, time_s = row["record_id"], row["phase"], row["time_s"]
        if phase not in ("P", "S"):
            raise InputError(source, f"{phase!r} of {record_id}", field="phase", expected="P or S")
        if (record_id, phase) in times:
            raise InputError(source, f"two {phase} picks of {record_id}", expected="one")
        if not math.isfinite(time_s):
            raise InputError(source, f"{time_s} of {record_id}", field="time_s", expected="seconds")
        times[record_id, phase] = time_s
        flags.setdefault(record_id, set()).update(row["flags"])
        if phase == "P":
            snr[record_id] = row["snr_db"]
    by_record = {
        record_id: RecordPicks(
            times.get((record_id, "P")),
            times.get((record_id, "S")),
            snr.get(record_id),
            tuple(sorted(flags[record_id])),
        )
        for record_id, _ in times
    }
    weights = sorted(filter(None, table["weights_sha256"].unique().to_pylist()))
    return Picks(by_record, methods[0] if methods else "", " ".join(weights))


def annotation_of(picks: Picks, source: str | Path) -> Annotation:
    """Returns whether these picks were made by hand.

    A shard without any pick has no method to tell it by; then the folder does, which is named by the method.
    """
    return "manual" if MANUAL in (picks.method, Path(source).parent.name) else "auto"


def make_shard(
    records: str | Path,
    picks_source: str | Path,
    window: str,
    settings: WindowsSettings,
    out: str | Path,
    rejects_out: str | Path,
    *,
    min_snr_db: float | None = None,
    min_p_time_s: float | None = None,
    annotation: Annotation | None = None,
) -> None:
    """Cuts the window of every record of a shard, and writes them and the table of the refused ones.

    Holds 64 windows in memory. Equal inputs give equal bytes.

    Args:
        records: shard of records, sorted by record id.
        picks_source: the picks of its records by one method.
        window: name of one of `settings.kinds`.
        settings: settings of the stage.
        out: the shard of windows to write, sorted by record id.
        rejects_out: the table of the refused records to write.
        min_snr_db: records with a lower signal-to-noise ratio, or an unknown one, are rejected.
        min_p_time_s: records whose P comes sooner after the first sample, or is not picked, are rejected.
        annotation: `manual` rejects records without a P pick whatever the window; None: see `annotation_of`.

    Raises:
        InputError: no such kind of window, or a table that cannot be read.
        RuntimeError: a record became neither a window nor a reject.
    """
    if window not in settings.kinds:
        known = ", ".join(settings.kinds)
        raise InputError("--window", repr(window), expected=f"a kind of window of the settings ({known})")
    picks = read_picks(picks_source)
    limits = Limits(annotation or annotation_of(picks, picks_source), min_snr_db, min_p_time_s)
    kind, rate_hz = settings.kinds[window], settings.rate_of(window)
    n_in, rejects = 0, []

    def windows() -> Iterator[dict[str, Any]]:
        nonlocal n_in
        for record in track(iter_records(records), f"windows {window} {Path(out).stem}"):
            n_in += 1
            found = picks.by_record.get(record.record_id, RecordPicks())
            try:
                anchor_pick_s(found, kind)
                limits.check(found)
                yield _row(record, found, cut(record, found, kind, rate_hz))
            except Refused as refused:
                source = ", ".join(record.sources)
                rejects.append(Reject(record.record_id, source, "windows", refused.reason, refused.detail))

    n_out = write_windows(windows(), _description(window, settings, picks, limits), out)
    if n_in != n_out + len(rejects):
        raise RuntimeError(f"{records}: {n_in} records in, {n_out} windows and {len(rejects)} rejects out")
    write_parquet(rejects_table(rejects), rejects_out)
    reasons = Counter(str(reject.reason) for reject in rejects)
    why = f" ({', '.join(f'{reason} {n}' for reason, n in sorted(reasons.items()))})" if rejects else ""
    say(f"windows {window} {Path(out).stem}: {n_in} records, {n_out} windows, {len(rejects)} rejected{why}")


def _description(window: str, settings: WindowsSettings, picks: Picks, limits: Limits) -> Description:
    kind, rate_hz = settings.kinds[window], settings.rate_of(window)
    return Description(
        window=window,
        settings=json.dumps(kind.model_dump(mode="json") | {"rate_hz": rate_hz}, sort_keys=True),
        n_samples=round(kind.length_s * rate_hz),
        rate_hz=rate_hz,
        method=picks.method,
        weights_sha256=picks.weights_sha256,
        annotation=limits.annotation,
        min_snr_db=limits.min_snr_db,
        min_p_time_s=limits.min_p_time_s,
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What the picks of a record must be like for a window of it."""

    annotation: Annotation
    min_snr_db: float | None = None
    min_p_time_s: float | None = None

    def check(self, picks: RecordPicks) -> None:
        """Refuses what is beyond the limits.

        Raises:
            Refused: with the reason.
        """
        if picks.p_s is None and self.annotation == MANUAL:
            raise Refused(Reason.NO_P_PICK, "no P was picked by hand")
        if self.min_p_time_s is not None:
            earliest = f"{self.min_p_time_s:g} s"
            if picks.p_s is None:
                raise Refused(Reason.NO_P_PICK, f"P {earliest} after the first sample or later is asked for")
            if picks.p_s < self.min_p_time_s:
                detail = f"P {picks.p_s:.2f} s after the first sample, at least {earliest} are asked for"
                raise Refused(Reason.LATE_TRIGGER, detail)
        if self.min_snr_db is None:
            return
        asked = f"at least {self.min_snr_db:g} dB are asked for"
        if picks.snr_db is None or not math.isfinite(picks.snr_db):
            raise Refused(Reason.SNR_UNKNOWN, asked)
        if picks.snr_db < self.min_snr_db:
            raise Refused(Reason.LOW_SNR, f"{picks.snr_db:.1f} dB, {asked}")


def _row(record: Record, picks: RecordPicks, window: Cut) -> dict[str, Any]:
    own = {
        "snr_db": picks.snr_db,
        "pick_flags": None if picks.p_s is None and picks.s_s is None else " ".join(picks.flags),
        "p_sample": window.p_sample,
        "s_sample": window.s_sample,
        "start_s": window.start_s,
        "filled_samples": window.filled_samples,
        TENSOR: window.tensor.astype("<f4", copy=False).tobytes(),
    }
    return {name: own[name] if name in own else getattr(record, name) for name in WINDOWS.names}


def write_windows(rows: Iterable[dict[str, Any]], about: Description, target: str | Path) -> int:
    """Writes rows of `WINDOWS` to the Parquet file `target` as they come, and returns how many there were.

    The tensors are stored as they are, in row groups of 64 that are one page each: reading a row at random
    is then a copy from a known place (see `quakesite.windows.reading`). Each page has a checksum. The file
    appears when it is whole.

    Raises:
        RuntimeError: the rows do not come in ascending order of `record_id`, or a tensor has another size.
    """
    schema = WINDOWS.with_metadata(about.as_metadata(__version__))
    written = 0
    with (
        sealed_path(target) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression={name: "NONE" if name == TENSOR else "ZSTD" for name in WINDOWS.names},
            use_dictionary=METADATA,
            write_statistics=METADATA,
            data_page_size=2 * ROW_GROUP * about.n_bytes,
            write_page_checksum=True,
        ) as writer,
    ):
        last = ""
        for table in _tables(rows, schema):
            ids = [last, *table["record_id"].to_pylist()]
            if any(later <= earlier for earlier, later in itertools.pairwise(ids)):
                raise RuntimeError(f"{target}: the records do not come in ascending order of their ids")
            if pc.any(pc.not_equal(pc.binary_length(table[TENSOR]), about.n_bytes)).as_py():
                raise RuntimeError(f"{target}: a tensor is not of the {about.n_bytes} bytes it should have")
            last = ids[-1]
            written += table.num_rows
            writer.write_table(table, row_group_size=ROW_GROUP)
    return written


def _tables(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROW_GROUP:
            yield pa.Table.from_pylist(waiting, schema=schema)
            waiting = []
    if waiting:
        yield pa.Table.from_pylist(waiting, schema=schema)
