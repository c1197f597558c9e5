"""What was put into the archive: one row per record and version, one per station."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.demo.asc import Version
from quakesite.demo.defects import DUPLICATES, REASONS, Defect
from quakesite.demo.motion import Motion
from quakesite.demo.path import QUALITY_AT_1_HZ, QUALITY_EXPONENT
from quakesite.demo.plan import MAX_EPICENTRAL_KM, RecordPlan, Station
from quakesite.demo.sources import site_class, stated
from quakesite.rejects import Reason

RECORD = "record"
MIN_SNR_DB = 25.0
NOISE_ENDS_BEFORE_P_S = 0.5
SIGNAL_S = 30.0

TRUTH = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("event", pa.string(), nullable=False),
        pa.field("form", pa.string(), nullable=False),
        pa.field("expected", pa.string(), nullable=False),
        pa.field("defect", pa.string(), nullable=False),
        pa.field("p_time_s", pa.float64(), nullable=False),
        pa.field("s_time_s", pa.float64(), nullable=False),
        pa.field("vs30_m_s", pa.float64(), nullable=False),
        pa.field("f0_hz", pa.float64(), nullable=False),
        pa.field("q_at_1_hz", pa.float64(), nullable=False),
        pa.field("q_exponent", pa.float64(), nullable=False),
        pa.field("kappa_s", pa.float64(), nullable=False),
        pa.field("magnitude", pa.float64(), nullable=False),
        pa.field("stress_drop_bar", pa.float64(), nullable=False),
        pa.field("epicentral_distance_km", pa.float64(), nullable=False),
        pa.field("hypocentral_distance_km", pa.float64(), nullable=False),
        pa.field("snr_db", pa.float64(), nullable=False),
        pa.field("below_25_db", pa.bool_(), nullable=False),
        pa.field("sampling_rate_hz", pa.float64(), nullable=False),
        pa.field("n_samples", pa.int64(), nullable=False),
        pa.field("pga_cm_s2", pa.float64(), nullable=False),
        pa.field("sources", pa.string(), nullable=False),
    ]
)
"""`truth.csv`. `expected` is `record` or the reason for which a version is refused; one record may come in
several versions, told apart by `form` and, where the stamp differs, by `record_id`. Times are from the first
sample. `sources` are the files under `archive/`, joined by `;`."""

TRUTH_STATIONS = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("province", pa.string(), nullable=False),
        pa.field("latitude", pa.float64(), nullable=False),
        pa.field("longitude", pa.float64(), nullable=False),
        pa.field("vs30_m_s", pa.float64(), nullable=False),
        pa.field("site_class", pa.string(), nullable=False),
        pa.field("f0_hz", pa.float64(), nullable=False),
        pa.field("profile", pa.string(), nullable=False),
        pa.field("report_vs30_m_s", pa.float64()),
        pa.field("list_vs30_m_s", pa.int64()),
        pa.field("header_vs30_m_s", pa.int64()),
        pa.field("report_file", pa.string()),
        pa.field("report_defect", pa.string()),
        pa.field("packing", pa.string(), nullable=False),
    ]
)
"""`truth_stations.csv`. `profile` is JSON: thickness_m and, with the half-space last, vs_m_s, vp_m_s,
density_kg_m3. The three `*_vs30_m_s` are what each source states, empty where it is silent."""


@dataclass(frozen=True, slots=True)
class WrittenVersion:
    """One version of a record as it went into the archive."""

    plan: RecordPlan
    version: Version
    extra: bool
    samples: npt.NDArray[np.float64]
    motion: Motion
    sources: tuple[str, ...]


def expected(plan: RecordPlan, *, extra: bool) -> str:
    """Returns `record`, or the reason for which a version must be refused.

    Args:
        extra: whether it is the second, less preferred version.
    """
    if extra:
        return str(Reason.DUPLICATE)
    if plan.defect is not None and plan.defect not in DUPLICATES:
        return str(REASONS[plan.defect])
    return str(Reason.TOO_FAR) if plan.epicentral_km > MAX_EPICENTRAL_KM else RECORD


def snr_db(samples: npt.NDArray[np.float64], rate_hz: float, p_s: float) -> float:
    """Returns the signal-to-noise ratio of a (3, n) record whose P is known.

    10 log10 of the mean square of the three-component vector from P on, 30 s at most, over that of the
    demeaned noise up to 0.5 s before P. Computed here and not by the stage that measures it: this is what
    that is tested against, and the archive must not be made anew when a stage is edited.
    """
    noise = samples[:, : int((p_s - NOISE_ENDS_BEFORE_P_S) * rate_hz)]
    first = round(p_s * rate_hz)
    signal = samples[:, first : first + round(SIGNAL_S * rate_hz)]
    noise = noise - noise.mean(axis=1, keepdims=True)
    return float(10.0 * np.log10(np.mean(signal**2) / np.mean(noise**2)))


def truth_row(written: WrittenVersion) -> dict[str, object]:
    """Returns the row of `TRUTH` for one version of a record."""
    plan, station, samples = written.plan, written.plan.station, written.samples
    snr = snr_db(samples, station.rate_hz, written.motion.p_s)
    spoilt = written.extra or plan.defect not in DUPLICATES
    record_id = written.version.record_id(plan)
    return {
        "record_id": record_id,
        "station": station.code,
        "event": record_id.partition("_")[0],
        "form": written.version.form,
        "expected": expected(plan, extra=written.extra),
        "defect": str(plan.defect) if isinstance(plan.defect, Defect) and spoilt else "",
        "p_time_s": round(written.motion.p_s, 4),
        "s_time_s": round(written.motion.s_s, 4),
        "vs30_m_s": round(station.profile.vs30_m_s, 3),
        "f0_hz": round(station.f0_hz, 4),
        "q_at_1_hz": QUALITY_AT_1_HZ,
        "q_exponent": QUALITY_EXPONENT,
        "kappa_s": station.kappa_s,
        "magnitude": plan.event.magnitude,
        "stress_drop_bar": plan.event.stress_drop_bar,
        "epicentral_distance_km": round(plan.epicentral_km, 3),
        "hypocentral_distance_km": round(plan.hypocentral_km, 3),
        "snr_db": round(snr, 2),
        "below_25_db": snr < MIN_SNR_DB,
        "sampling_rate_hz": station.rate_hz,
        "n_samples": samples.shape[1],
        "pga_cm_s2": round(float(np.sqrt((samples**2).sum(axis=0)).max()), 3),
        "sources": ";".join(written.sources),
    }


def station_row(station: Station, report_file: str | None, packing: str) -> dict[str, object]:
    """Returns the row of `TRUTH_STATIONS` for one station."""
    said, profile = stated(station), station.profile
    layers = {
        "thickness_m": profile.thickness_m,
        "vs_m_s": profile.vs_m_s,
        "vp_m_s": [round(v, 1) for v in profile.vp_m_s],
        "density_kg_m3": [round(rho, 1) for rho in profile.density_kg_m3],
    }
    return {
        "station": station.code,
        "province": station.region.province,
        "latitude": station.latitude,
        "longitude": station.longitude,
        "vs30_m_s": round(profile.vs30_m_s, 3),
        "site_class": site_class(profile.vs30_m_s),
        "f0_hz": round(station.f0_hz, 4),
        "profile": json.dumps(layers),
        "report_vs30_m_s": said.report,
        "list_vs30_m_s": said.listed,
        "header_vs30_m_s": said.header,
        "report_file": report_file,
        "report_defect": None if said.defect is None else str(said.defect),
        "packing": packing,
    }


def table(rows: Sequence[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Returns `rows` as a table with `schema`."""
    return pa.Table.from_pylist(list(rows), schema=schema)
