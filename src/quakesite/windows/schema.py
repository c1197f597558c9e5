"""The table of the `windows` stage, and how its file describes the tensors in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = "2"
CHANNELS = ("E", "N", "Z", "PS")
DIM_NAMES = ("channel", "time")
UNITS = ("cm/s^2", "cm/s^2", "cm/s^2", "1")
DTYPE = "<f4"
BYTES_PER_VALUE = 4
TENSOR = "tensor"
TIME = pa.timestamp("us", tz="UTC")

WINDOWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False, metadata={"about": "time stamp and station"}),
        pa.field("network", pa.string(), metadata={"about": "network code"}),
        pa.field("station", pa.string(), nullable=False, metadata={"about": "station code"}),
        pa.field("event_id", pa.string(), nullable=False, metadata={"about": "the event's time stamp"}),
        pa.field("start_time", TIME, metadata={"about": "of the record's first sample, UTC"}),
        pa.field("event_time", TIME, metadata={"about": "origin time, UTC"}),
        pa.field("st_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_elevation_m", pa.float64(), metadata={"unit": "m"}),
        pa.field("ev_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_depth_km", pa.float64(), metadata={"about": "depth of the hypocentre", "unit": "km"}),
        pa.field("magnitude", pa.float64(), metadata={"about": "as the record's header has it"}),
        pa.field("magnitude_type", pa.string(), metadata={"about": "of `magnitude`, Mw or ML"}),
        pa.field("epicentral_distance_km", pa.float64(), metadata={"unit": "km"}),
        pa.field(
            "back_azimuth_deg",
            pa.float64(),
            metadata={"about": "from the station to the epicentre", "unit": "degree from north"},
        ),
        pa.field(
            "pga_cm_s2",
            pa.float64(),
            nullable=False,
            metadata={"about": "PGA of the whole record", "unit": "cm/s^2"},
        ),
        pa.field("snr_db", pa.float64(), metadata={"about": "signal-to-noise ratio at P", "unit": "dB"}),
        pa.field(
            "p_sample",
            pa.float64(),
            metadata={"about": "P in samples from the window's first; may lie outside; null: no pick"},
        ),
        pa.field(
            "s_sample",
            pa.float64(),
            metadata={"about": "S in samples from the window's first; may lie outside; null: no pick"},
        ),
        pa.field(
            "pick_flags",
            pa.string(),
            metadata={"about": "flags of the picks (quakesite.picks.flags), apart by spaces; null: no pick"},
        ),
        pa.field(
            "start_s",
            pa.float64(),
            nullable=False,
            metadata={"about": "window start from the record's first sample", "unit": "s"},
        ),
        pa.field(
            "filled_samples", pa.int64(), nullable=False, metadata={"about": "samples outside the record"}
        ),
        pa.field(
            TENSOR,
            pa.binary(),
            nullable=False,
            metadata={"about": "little-endian float32, C order; shape and channels in the table's metadata"},
        ),
    ]
)
"""One row per record: `results/windows/{window}/{annotation}/{shard}.parquet`. What the tensors are stands in
the table's metadata, see `Description`."""

METADATA = [name for name in WINDOWS.names if name != TENSOR]
"""The columns of `WINDOWS` without the tensors."""


class Outdated(ValueError):
    """The metadata are not those of `SCHEMA_VERSION`; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the tensors of one shard are, as its metadata say.

    Keys of the metadata, all text: `tensor.shape`, `tensor.dim_names`, `tensor.channels` and
    `tensor.units` (JSON lists), `tensor.rate_hz` (a number), `tensor.dtype` (as NumPy spells it),
    `schema.version`, `window.name`, `window.settings` (JSON), `picks.method` (empty: no picks),
    `picks.weights_sha256` (of the picking network, empty where there is none), `picks.annotation` (`auto` or
    `manual`), `records.min_snr_db` and `records.min_p_time_s` (numbers, empty: no limit),
    `quakesite.version`.
    """

    window: str
    settings: str
    n_samples: int
    rate_hz: float
    method: str = ""
    weights_sha256: str = ""
    annotation: str = ""
    min_snr_db: float | None = None
    min_p_time_s: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples of one tensor."""
        return len(CHANNELS), self.n_samples

    @property
    def n_bytes(self) -> int:
        """Size of one tensor."""
        return len(CHANNELS) * self.n_samples * BYTES_PER_VALUE

    def as_metadata(self, version: str) -> dict[str, str]:
        """Returns the metadata of a shard written by quakesite `version`."""
        return {
            "schema.version": SCHEMA_VERSION,
            "quakesite.version": version,
            "window.name": self.window,
            "window.settings": self.settings,
            "picks.method": self.method,
            "picks.weights_sha256": self.weights_sha256,
            "picks.annotation": self.annotation,
            "records.min_snr_db": _as_text(self.min_snr_db),
            "records.min_p_time_s": _as_text(self.min_p_time_s),
            "tensor.shape": json.dumps(self.shape),
            "tensor.dim_names": json.dumps(DIM_NAMES),
            "tensor.channels": json.dumps(CHANNELS),
            "tensor.units": json.dumps(UNITS),
            "tensor.rate_hz": _as_text(self.rate_hz),
            "tensor.dtype": DTYPE,
        }

    @classmethod
    def from_metadata(cls, stored: Mapping[bytes, bytes] | None) -> Description:
        """Returns what the metadata of a shard say.

        Raises:
            Outdated: they are not those of this schema version.
        """
        text = {key.decode(): value.decode(errors="replace") for key, value in (stored or {}).items()}
        found = text.get("schema.version")
        if found != SCHEMA_VERSION:
            raise Outdated("no schema.version" if found is None else f"schema.version {found}")
        for key, expected in (
            ("tensor.channels", json.dumps(CHANNELS)),
            ("tensor.dim_names", json.dumps(DIM_NAMES)),
            ("tensor.units", json.dumps(UNITS)),
            ("tensor.dtype", DTYPE),
        ):
            if text.get(key) != expected:
                raise Outdated(f"{key} {text.get(key)}")
        try:
            channels, n_samples = json.loads(text["tensor.shape"])
            description = cls(
                window=text["window.name"],
                settings=text["window.settings"],
                n_samples=int(n_samples),
                rate_hz=float(text["tensor.rate_hz"]),
                method=text["picks.method"],
                weights_sha256=text["picks.weights_sha256"],
                annotation=text["picks.annotation"],
                min_snr_db=_as_number(text["records.min_snr_db"]),
                min_p_time_s=_as_number(text["records.min_p_time_s"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise Outdated(f"metadata not understood ({error!r})") from None
        if channels != len(CHANNELS) or description.n_samples < 1:
            raise Outdated(f"tensor.shape {text['tensor.shape']}")
        return description


def _as_text(number: float | None) -> str:
    return "" if number is None else f"{number:.17g}"


def _as_number(text: str) -> float | None:
    return float(text) if text else None
