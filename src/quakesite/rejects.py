"""What a stage refused, and why: one table, one list of reasons, for the whole corridor.

Every stage keeps the balance `in = out + rejected`; a refusal without a row here is a bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Reason(StrEnum):
    """Why something was refused. The value is what stands in the `reason` column."""

    # archive
    NOT_A_RECORD = "not_a_record"  # a file no reader is meant for (a README, a macOS `._` twin)
    UNSAFE_PATH = "unsafe_path"  # absolute or `..` member names, symlinks out of the archive
    UNREADABLE = "unreadable"  # permission denied, a broken zip
    TOO_LARGE = "too_large"  # a member that unpacks to more than the limit (zip bomb)
    # reading one file
    BAD_HEADER = "bad_header"  # a header field missing or not understood
    BAD_SAMPLES = "bad_samples"  # text among the numbers, NaN, infinity
    TRUNCATED = "truncated"  # fewer (or more) samples than the header's NDATA
    PGA_MISMATCH = "pga_mismatch"  # the samples' peak is not the header's PGA
    UNSUPPORTED = "unsupported"  # units or a form that no reader handles yet
    # one record of three components
    MISSING_COMPONENT = "missing_component"
    COMPONENT_MISMATCH = "component_mismatch"  # components that differ in rate, or do not overlap
    CODE_COLLISION = "code_collision"  # another network's station, whose code a station here has too
    DUPLICATE = "duplicate"  # a preferred version of the same record was kept
    # quality and selection
    FLAT = "flat"  # a component without motion, or next to none
    CLIPPED = "clipped"
    SPIKES = "spikes"
    NOISE_ONLY = "noise_only"  # nothing in it moves as ground does
    IMPLAUSIBLE_HYPOCENTRE = "implausible_hypocentre"  # a depth, magnitude, place or time that cannot be
    DISTANCE_MISMATCH = "distance_mismatch"  # the header's distance is not that of its coordinates
    TOO_FAR = "too_far"
    DISTANCE_UNKNOWN = "distance_unknown"  # a limit is set and no coordinates to measure from
    YEAR = "year"
    MAGNITUDE = "magnitude"
    DEPTH = "depth"
    # stations
    IMPLAUSIBLE_VS30 = "implausible_vs30"
    BAD_REPORT = "bad_report"  # no layer table, no station, or layers that cannot be
    SHALLOW_PROFILE = "shallow_profile"  # a profile that ends above 30 m, and no method chosen to extrapolate
    NO_TEXT_LAYER = "no_text_layer"  # a PDF of images only
    BAD_TABLE_ROW = "bad_table_row"  # a row without a station code, or a cell that holds no number
    BAD_FEATURE = "bad_feature"  # a site feature whose value is no number, or one that cannot be
    MOVED = "moved"  # a Vs30 measured where the station stood before
    TIMED_OUT = "timed_out"  # a report that takes longer to read than the limit
    # picks
    NO_PICK = "no_pick"  # the method found neither P nor S
    UNKNOWN_RECORD = "unknown_record"  # a manual pick for a record that is not there
    # windows
    NO_P_PICK = "no_p_pick"
    NO_S_PICK = "no_s_pick"
    LATE_TRIGGER = "late_trigger"  # P comes too soon after the first sample
    LOW_SNR = "low_snr"
    SNR_UNKNOWN = "snr_unknown"  # a limit is set and no P pick to measure the SNR from
    WINDOW_LEAVES_RECORD = "window_leaves_record"
    # predicting a user's own records
    FLAGGED_PICKS = "flagged_picks"  # picks as the model was not trained on
    FEATURE_UNKNOWN = "feature_unknown"  # the record lacks something that the model looks at


@dataclass(frozen=True, slots=True)
class Reject:
    """One refusal: the record (empty when none was formed), the file, the stage, reason and detail."""

    record_id: str
    source: str
    stage: str
    reason: Reason
    detail: str = ""


SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)


def rejects_table(rejects: Iterable[Reject]) -> pa.Table:
    """Returns the rejects as a table with `SCHEMA`, sorted so that equal refusals give equal bytes."""
    rows = sorted((r.record_id, r.source, r.stage, str(r.reason), r.detail) for r in rejects)
    columns = [pa.array([row[index] for row in rows], pa.string()) for index in range(len(SCHEMA))]
    return pa.table(columns, schema=SCHEMA)
