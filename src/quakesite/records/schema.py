"""Tables of the `records` stage: the archive's sources and the records themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

COMPONENTS = ("E", "N", "Z")

SOURCES = pa.schema(
    [
        pa.field("shard", pa.string(), nullable=False, metadata={"about": "shard of the station"}),
        pa.field("station", pa.string(), nullable=False),
        pa.field(
            "source", pa.string(), nullable=False, metadata={"about": "path, members of zips after `!`"}
        ),
        pa.field(
            "form", pa.string(), nullable=False, metadata={"about": "asc, nsmn, mat, mseed or stationxml"}
        ),
        pa.field("size", pa.int64(), nullable=False, metadata={"unit": "bytes"}),
    ]
)
"""One row per file of the archive that a reader is meant for: `results/records/sources.parquet`."""

RECORDS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False, metadata={"about": "<YYYYMMDDhhmmss>_<station>"}),
        pa.field("network", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("location", pa.string(), metadata={"about": "SEED location code"}),
        pa.field("instrument", pa.string(), metadata={"about": "SEED band and instrument code, as HN"}),
        pa.field("st_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_elevation_m", pa.float64()),
        pa.field("vs30_m_s", pa.float64(), metadata={"about": "as the record's header states it"}),
        pa.field("event_id", pa.string(), nullable=False, metadata={"about": "the stamp YYYYMMDDhhmmss"}),
        pa.field("agency_event_id", pa.string(), metadata={"about": "as the record's database names it"}),
        pa.field("event_time", pa.timestamp("us", tz="UTC")),
        pa.field("ev_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_depth_km", pa.float64()),
        pa.field("magnitude", pa.float64()),
        pa.field("magnitude_type", pa.string(), metadata={"about": "Mw or ML"}),
        pa.field("mw", pa.float64(), metadata={"about": "moment magnitude, where the header has one"}),
        pa.field("mw_reference", pa.string(), metadata={"about": "whose Mw it is"}),
        pa.field("ml", pa.float64(), metadata={"about": "local magnitude, where the header has one"}),
        pa.field("ml_reference", pa.string(), metadata={"about": "whose ML it is"}),
        pa.field("hypocentre_reference", pa.string(), metadata={"about": "whose hypocentre it is"}),
        pa.field("triggering", pa.string(), metadata={"about": "normal or late, as the header states it"}),
        pa.field("epicentral_distance_km", pa.float64()),
        pa.field("back_azimuth_deg", pa.float64(), metadata={"about": "station to epicentre, from north"}),
        pa.field(
            "form", pa.string(), nullable=False, metadata={"about": "mp_Acc, ap_RawAcc, mseed, mat, ..."}
        ),
        pa.field("sources", pa.list_(pa.string()), nullable=False, metadata={"about": "files of E, N, Z"}),
        pa.field("start_time", pa.timestamp("us", tz="UTC"), metadata={"about": "time of the first sample"}),
        pa.field("sampling_rate_hz", pa.float64(), nullable=False),
        pa.field("n_samples", pa.int64(), nullable=False, metadata={"about": "per component"}),
        pa.field(
            "pga_cm_s2", pa.float64(), nullable=False, metadata={"about": "largest three-component vector"}
        ),
        pa.field(
            "author_p_s", pa.float64(), metadata={"about": "P pick that came with the record, from start"}
        ),
        pa.field(
            "author_s_s", pa.float64(), metadata={"about": "S pick that came with the record, from start"}
        ),
        pa.field(
            "stated_distance_km", pa.float64(), metadata={"about": "epicentral, as the header states it"}
        ),
        pa.field(
            "component_ratio", pa.float64(), metadata={"about": "least over largest component's deviation"}
        ),
        pa.field("clipped_samples", pa.int64(), metadata={"about": "in runs of 3 or more at an extreme"}),
        pa.field("largest_jump", pa.float64(), metadata={"about": "step between samples over the peak"}),
        pa.field("longest_flat_s", pa.float64(), metadata={"about": "longest time without any change"}),
        pa.field("zero_crossings_hz", pa.float64(), metadata={"about": "of the component with the fewest"}),
        pa.field(
            "pga_mismatch",
            pa.float64(),
            metadata={"about": "peaks against the header's, as a part of those; null where it states none"},
        ),
        pa.field(
            "origin_mismatch_s",
            pa.float64(),
            metadata={"about": "by how much the record misses its event's waves; 0 is right"},
        ),
        pa.field(
            "autocorrelation",
            pa.float64(),
            metadata={"about": "of the loudest 2 s at a lag of 0.01 s; noise has next to none"},
        ),
        pa.field(
            "contrast_db", pa.float64(), metadata={"about": "power of the loudest 2 s over the median 2 s's"}
        ),
        pa.field(
            "spike_ratio",
            pa.float64(),
            metadata={"about": "largest step over the range of the samples within 0.5 s of it"},
        ),
        *(
            pa.field(f"{corner}_{name}_hz", pa.float64(), metadata={"about": about})
            for corner, about in (
                ("high_pass", "low cut of the filter, as the component's header states it"),
                ("low_pass", "high cut of the filter, as the component's header states it"),
            )
            for name in ("e", "n", "z")
        ),
        pa.field(
            "header_doubts",
            pa.string(),
            metadata={"about": "fields of the header that were not understood, and what they were taken for"},
        ),
        *(
            pa.field(f"pga_{name}_cm_s2", pa.float64(), metadata={"about": "largest absolute value"})
            for name in ("e", "n", "z")
        ),
        *(
            pa.field(
                f"rotd{percentile}_pga_cm_s2",
                pa.float64(),
                metadata={"about": f"{about} of the peaks over all horizontal directions"},
            )
            for percentile, about in (("00", "least"), ("50", "median"), ("100", "largest"))
        ),
        *(
            pa.field(f"arias_{name}_cm_s", pa.float64(), metadata={"about": "Arias intensity"})
            for name in ("e", "n", "z")
        ),
        *(
            pa.field(f"cav_{name}_cm_s", pa.float64(), metadata={"about": "cumulative absolute velocity"})
            for name in ("e", "n", "z")
        ),
        *(
            pa.field(f"t90_{name}_s", pa.float64(), metadata={"about": "from 5 to 95 % of Arias intensity"})
            for name in ("e", "n", "z")
        ),
        pa.field(
            "acceleration",
            pa.large_binary(),
            nullable=False,
            metadata={"about": "little-endian float32, shape (3, n_samples), order E N Z", "unit": "cm/s^2"},
        ),
    ]
)
"""One row per record: `results/records/{shard}.parquet`."""

METADATA = [name for name in RECORDS.names if name != "acceleration"]
"""The columns of `RECORDS` without the samples."""

CATALOGUE = pa.schema(
    [
        *(RECORDS.field(name) for name in METADATA),
        pa.field("shard", pa.string(), nullable=False, metadata={"about": "where the samples are"}),
    ]
)
"""One row per record of all shards, sorted by `record_id`: `results/records/catalogue.parquet`."""


def to_bytes(acceleration: npt.NDArray[np.floating]) -> bytes:
    """Returns a (3, n_samples) array as the `acceleration` column stores it."""
    return np.ascontiguousarray(acceleration, dtype="<f4").tobytes()


def from_bytes(stored: bytes | memoryview) -> npt.NDArray[np.float32]:
    """Returns the (3, n_samples) array, in cm/s^2 and order E, N, Z, behind an `acceleration` value."""
    return np.frombuffer(stored, dtype="<f4").reshape(len(COMPONENTS), -1)
