"""The windows of a user's own records, cut as those were that a model's networks learnt from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from quakesite.evaluation.kept import KeptWindows, flags_among
from quakesite.evaluation.schema import PREDICT
from quakesite.rejects import SCHEMA as REJECTS
from quakesite.rejects import Reason, Reject
from quakesite.tables import read_parquet
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.settings import WindowsSettings
from quakesite.windows.sharding import make_shard

if TYPE_CHECKING:
    from quakesite.evaluation.saved_network import SavedNetwork


def kept_windows(
    model: SavedNetwork, shard: Path, picks: Path, refused: list[Reject], *, limited: bool
) -> KeptWindows:
    """Returns the windows of the records in `shard` that the model takes; beside it they are written.

    Args:
        model: whose windows they are to be like.
        shard: the records.
        picks: their picks.
        refused: records without a window that it takes are appended here.
        limited: whether the model's limits apply.
    """
    windows = _windows(model, shard, picks, refused, limited=limited)
    flags = model.about["excluded_flags"]
    kept = KeptWindows([windows], model.channels, flags)
    refused += _not_taken(windows, kept, flags)
    return kept


def _windows(model: SavedNetwork, shard: Path, picks: Path, refused: list[Reject], *, limited: bool) -> Path:
    """Returns the windows of the records in `shard`, cut as the model's own were."""
    name = model.about["window"]["name"]
    target, rejects = (shard.parents[1] / stage / shard.name for stage in ("windows", "rejects"))
    settings = WindowsSettings(rate_hz=model.rate_hz, kinds={name: model.window})
    limits = model.limits if limited else {}
    make_shard(shard, picks, name, settings, target, rejects, annotation="auto", **limits)
    refused += [
        Reject(row["record_id"], row["source"], row["stage"], Reason(row["reason"]), row["detail"])
        for row in read_parquet(rejects, REJECTS).to_pylist()
    ]
    return target


def _not_taken(windows: Path, kept: KeptWindows, flags: Collection[str]) -> Iterator[Reject]:
    """Yields the windows that the model does not take: without a P or an S pick, or with a flag on them."""
    taken = set(kept.record_ids)
    for row in WindowDataset([windows]).table.to_pylist():
        if row["record_id"] in taken:
            continue
        found = flags_among(row["pick_flags"], flags)
        if found:
            yield Reject(row["record_id"], "", PREDICT, Reason.FLAGGED_PICKS, ", ".join(found))
        else:
            phase, reason = (
                ("S", Reason.NO_S_PICK) if row["p_sample"] is not None else ("P", Reason.NO_P_PICK)
            )
            detail = f"{phase} was not picked, and the model looks at P and S"
            yield Reject(row["record_id"], "", PREDICT, reason, detail)
