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

WINDOWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("st_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_depth_km", pa.float64()),
        pa.field("magnitude", pa.float64()),
        pa.field("epicentral_distance_km", pa.float64()),
        pa.field("back_azimuth_deg", pa.float64()),
        pa.field("pga_cm_s2", pa.float64(), nullable=False, metadata={"about": "of the whole record"}),
        pa.field("snr_db", pa.float64()),
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
        pa.field("start_s", pa.float64(), nullable=False, metadata={"about": "window start in the record"}),
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
    `picks.weights_sha256` (of the picking network, empty where there is none), `quakesite.version`.
    """

    window: str
    settings: str
    n_samples: int
    rate_hz: float
    method: str = ""
    weights_sha256: str = ""

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
            "tensor.shape": json.dumps(self.shape),
            "tensor.dim_names": json.dumps(DIM_NAMES),
            "tensor.channels": json.dumps(CHANNELS),
            "tensor.units": json.dumps(UNITS),
            "tensor.rate_hz": f"{self.rate_hz:.17g}",
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
            )
        except (KeyError, ValueError, TypeError) as error:
            raise Outdated(f"metadata not understood ({error!r})") from None
        if channels != len(CHANNELS) or description.n_samples < 1:
            raise Outdated(f"tensor.shape {text['tensor.shape']}")
        return description
