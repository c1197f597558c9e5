"""Files in the form of TADAS: DYNA 1.2 text, 64 header lines, then one sample per line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from quakesite.demo.plan import NETWORK, RecordPlan
from quakesite.demo.processing import FILTER_OF_FORM

SYNTHETIC = "SYNTHETIC quakesite demo"
COMPONENTS = ("E", "N", "U")
STREAMS = {"E": "HNE", "N": "HNN", "U": "HNZ"}
COMPACT = 2
"""Index of the spelling without separators, in which event date and time are compact too and the id is -1."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record as exported: the same motion may come in several.

    Attributes:
        form: e.g. `mp_Acc`.
        stamp_delay_s: seconds by which the event's stamp is later than the origin time.
        event_id: the event's number.
    """

    form: str
    event_id: int
    stamp_delay_s: int = 0

    def origin(self, plan: RecordPlan) -> datetime:
        """Returns the origin time that this version states."""
        return plan.event.origin + timedelta(seconds=self.stamp_delay_s)

    def record_id(self, plan: RecordPlan) -> str:
        """Returns `<stamp>_<station>` of this version."""
        return f"{self.origin(plan):%Y%m%d%H%M%S}_{plan.station.code}"

    def file_name(self, plan: RecordPlan, component: str) -> str:
        """Returns the file's name as TADAS gives it."""
        return f"{self.record_id(plan)}_{self.form}_{component}.asc"


def header(
    plan: RecordPlan,
    version: Version,
    component: str,
    samples: npt.NDArray[np.float64],
    start: datetime,
    vs30_stated: int | None,
) -> list[tuple[str, str]]:
    """Returns the header's 64 keys and values in their order.

    Args:
        samples: one component as written, cm/s^2; its length and largest value stand in the header.
        start: time of the first sample.
        vs30_stated: what the header says of Vs30, null for `None`.
    """
    station, event = plan.station, plan.event
    spelling = (station.index + plan.event_index) % 4
    origin = version.origin(plan)
    moment = event.magnitude_type == "Mw"
    filtered = FILTER_OF_FORM.get(version.form)
    manual = version.form.startswith("mp")
    return [
        ("EVENT_NAME", f"{origin:%Y%m%d%H%M}"),
        ("EVENT_ID", "-1" if spelling == COMPACT else str(version.event_id)),
        ("EVENT_DATE_YYYYMMDD", f"{origin:%Y%m%d}" if spelling == COMPACT else f"{origin:%Y/%m/%d}"),
        ("EVENT_TIME_HHMMSS", f"{origin:%H%M%S}" if spelling == COMPACT else f"{origin:%H:%M:%S.%f}"[:-1]),
        ("EVENT_LATITUDE_DEGREE", f"{event.latitude:g}"),
        ("EVENT_LONGITUDE_DEGREE", f"{event.longitude:g}"),
        ("EVENT_DEPTH_KM", f"{event.depth_km:g}"),
        ("HYPOCENTER_REFERENCE", "SYNTHETIC"),
        ("MAGNITUDE_W", f"{event.magnitude:g}" if moment else ""),
        ("MAGNITUDE_W_REFERENCE", "SYNTHETIC" if moment else ""),
        ("MAGNITUDE_L", "" if moment else f"{event.magnitude:g}"),
        ("MAGNITUDE_L_REFERENCE", "" if moment else "SYNTHETIC"),
        ("FOCAL_MECHANISM", ""),
        ("NETWORK", NETWORK),
        ("STATION_CODE", station.code),
        ("STATION_NAME", ""),
        ("STATION_LATITUDE_DEGREE", f"{station.latitude:.5f}"),
        ("STATION_LONGITUDE_DEGREE", f"{station.longitude:.5f}"),
        ("STATION_ELEVATION_M", f"{station.elevation_m:.1f}"),
        ("LOCATION", "-_-_-"),
        ("SENSOR_DEPTH_M", ""),
        ("VS30_M/S", "None" if vs30_stated is None else str(vs30_stated)),
        ("SITE_CLASSIFICATION_EC8", ec8_class(vs30_stated)),
        ("MORPHOLOGIC_CLASSIFICATION", ""),
        ("EPICENTRAL_DISTANCE_KM", f"{plan.epicentral_km:.2f}"),
        ("EARTHQUAKE_BACKAZIMUTH_DEGREE", ""),
        ("DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS", first_sample(start, spelling)),
        ("DATE_TIME_FIRST_SAMPLE_PRECISION", "millisecond"),
        ("SAMPLING_INTERVAL_S", f"{1.0 / station.rate_hz:g}"),
        ("NDATA", str(samples.size)),
        ("DURATION_S", ""),
        ("STREAM", STREAMS[component]),
        ("UNITS", "cm/s^2"),
        ("INSTRUMENT", "sensor = synthetic | digitizer = "),
        ("INSTRUMENT_ANALOG/DIGITAL", ""),
        ("INSTRUMENTAL_FREQUENCY_HZ", ""),
        ("INSTRUMENTAL_DAMPING", ""),
        ("FULL_SCALE_G", ""),
        ("N_BIT_DIGITAL_CONVERTER", ""),
        ("PGA_CM/S^2", f"{np.abs(samples).max():.3f}"),
        ("TIME_PGA_S", ""),
        ("BASELINE_CORRECTION", "BASELINE REMOVED"),
        ("FILTER_TYPE", "BUTTERWORTH"),
        ("FILTER_ORDER", str(filtered.order) if filtered else ""),
        ("LOW_CUT_FREQUENCY_HZ", str(filtered.low_hz) if filtered else ""),
        ("HIGH_CUT_FREQUENCY_HZ", str(filtered.high_hz) if filtered else ""),
        ("LATE/NORMAL_TRIGGERED", "NT" if filtered else ""),
        ("DATABASE_VERSION", ""),
        ("HEADER_FORMAT", "DYNA 1.2"),
        ("DATA_TYPE", "Acceleration"),
        ("PROCESSING", f"{'Manual' if manual else 'Automatic'} Paolucci et al., 2011"),
        ("DATA_TIMESTAMP_YYYYMMDD_HHMMSS", ""),
        ("DATA_LICENSE", "CC0 1.0 (synthetic, public domain)"),
        ("DATA_CITATION", "quakesite demo, a synthetic archive: no earthquake, no station, no measurement"),
        ("DATA_CREATOR", "quakesite demo"),
        ("ORIGINAL_DATA_MEDIATOR_CITATION", ""),
        ("ORIGINAL_DATA_MEDIATOR", ""),
        ("ORIGINAL_DATA_CREATOR_CITATION", ""),
        ("ORIGINAL_DATA_CREATOR", "quakesite demo"),
        ("USER1", "quakesite"),
        ("USER2", SYNTHETIC),
        ("USER3", ""),
        ("USER4", ""),
        ("USER5", ""),
    ]


def file_text(head: list[tuple[str, str]], samples: npt.NDArray[np.float64]) -> str:
    """Returns a file's text: the header and `samples` with six decimals, one per line."""
    lines = "".join(f"{key}: {value}\n" for key, value in head)
    return lines + ("%.6f\n" * samples.size) % tuple(samples.tolist())


def first_sample(start: datetime, spelling: int) -> str:
    """Returns the time of the first sample in one of the four spellings that TADAS files carry."""
    match spelling:
        case 0:
            return f"{start:%Y/%m/%d %H:%M:%S.%f}0"
        case 1:
            return f"{start:%Y/%m/%d %H:%M:%S.%f}"
        case 2:
            return f"{start:%Y%m%d_%H%M%S}"
        case _:
            return f"{start:%d/%m/%Y %H:%M:%S.%f}"[:-3]


def ec8_class(vs30_m_s: int | None) -> str:
    """Returns the ground type of Eurocode 8 as the header's words."""
    if vs30_m_s is None:
        return "unknown"
    for name, lower in (("A", 800), ("B", 360), ("C", 180)):
        if vs30_m_s >= lower:
            return name
    return "D"
