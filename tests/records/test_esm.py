"""Other networks' DYNA 1.2: ESM's and ITACA's files, their headers as those give them out, values made up."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quakesite.errors import InputError
from quakesite.records import read

from .conftest import Ingested, motion

HEADER = """EVENT_NAME: GREECE
EVENT_ID: {event_id}
EVENT_DATE_YYYYMMDD: 20190728
EVENT_TIME_HHMMSS: 160908
EVENT_LATITUDE_DEGREE: 38.1000
EVENT_LONGITUDE_DEGREE: 23.5400
EVENT_DEPTH_KM: 9.0
HYPOCENTER_REFERENCE: EMSC-CSEM
MAGNITUDE_W:\x20
MAGNITUDE_W_REFERENCE:\x20
MAGNITUDE_L: 4.6
MAGNITUDE_L_REFERENCE: EMSC-CSEM
FOCAL_MECHANISM: Strike-slip faulting
NETWORK: {network}
STATION_CODE: {station}
STATION_NAME: Town Hall, Some\u00efs: Peloponnese
STATION_LATITUDE_DEGREE: 37.634900
STATION_LONGITUDE_DEGREE: 22.729300
STATION_ELEVATION_M: 34
LOCATION: {location}
SENSOR_DEPTH_M: 0.0
VS30_M/S: {vs30}
SITE_CLASSIFICATION_EC8: B (inferred from topography)
MORPHOLOGIC_CLASSIFICATION:\x20
EPICENTRAL_DISTANCE_KM: 88.1
EARTHQUAKE_BACKAZIMUTH_DEGREE: 53.9
DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS: 20190728_160919.870
DATE_TIME_FIRST_SAMPLE_PRECISION: milliseconds
SAMPLING_INTERVAL_S: 0.005000
NDATA: {n_samples}
DURATION_S: {duration:.3f}
STREAM: {stream}
UNITS: {units}
INSTRUMENT: sensor = CMG_5TD [Unknown] | digitizer = Unknown [Unknown]
INSTRUMENT_ANALOG/DIGITAL: D
INSTRUMENTAL_FREQUENCY_HZ:\x20
INSTRUMENTAL_DAMPING:\x20
FULL_SCALE_G:\x20
N_BIT_DIGITAL_CONVERTER:\x20
PGA_CM/S^2: {pga:.6f}
TIME_PGA_S: 1.670000
BASELINE_CORRECTION: BASELINE REMOVED
FILTER_TYPE: BUTTERWORTH
FILTER_ORDER: 2
LOW_CUT_FREQUENCY_HZ: 0.100
HIGH_CUT_FREQUENCY_HZ: 30.000
LATE/NORMAL_TRIGGERED: NT
DATABASE_VERSION: DYNA 1.0
HEADER_FORMAT: DYNA 1.2
DATA_TYPE: {data_type}
PROCESSING: {processing}
DATA_TIMESTAMP_YYYYMMDD_HHMMSS: 20190730_115604.782
DATA_LICENSE:\x20
DATA_CITATION:\x20
DATA_CREATOR:\x20
ORIGINAL_DATA_MEDIATOR_CITATION:\x20
ORIGINAL_DATA_MEDIATOR: http://eida.example.org/
ORIGINAL_DATA_CREATOR_CITATION:\x20
ORIGINAL_DATA_CREATOR:\x20
USER1: processing.py {name} --le 0.100 --he 30.000 --fo 2 --tr NT
USER2:\x20
USER3:\x20
USER4:\x20
USER5:\x20
"""

MANUAL = "manual (Paolucci et al., 2011)"


@dataclass(frozen=True)
class File:
    """One file of ESM (`ending` as `ACC.MP`) or ITACA (`event` as date.time, `ending` as `C.ACC`)."""

    stream: str = "HNE"
    network: str = "HI"
    station: str = "ARS1"
    location: str = ""
    event_id: str = "EMSC-20190728_0000106"
    event: str = ""
    ending: str = "ACC.MP"
    data_type: str = "ACCELERATION"
    units: str = "cm/s^2"
    processing: str = MANUAL
    vs30: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        event = self.event or self.event_id
        parts = (self.network, self.station, self.location, self.stream, "D", event, self.ending, "ASC")
        return ".".join(parts)

    @property
    def content(self) -> bytes:
        samples = motion(seed=self.seed)
        peak = samples[np.abs(samples).argmax()]
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__} | {"name": self.name}
        head = HEADER.format(**fields, n_samples=len(samples), duration=len(samples) * 0.005, pga=peak)
        return (head + "".join(f"{value:.6f}\n" for value in samples)).encode()


def three(common: File | None = None, **fields: str) -> list[File]:
    """The three components of one record; PGAs with their sign, as ESM writes them."""
    base = replace(common or File(), **fields)  # type: ignore[arg-type]
    return [replace(base, stream=base.stream[:-1] + name, seed=seed) for seed, name in enumerate("ENZ")]


def write(folder: Path, files: list[File]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / file.name for file in files]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file.content)
    return paths


def test_a_record_of_esm_keeps_what_its_header_says(tmp_path: Path) -> None:
    for path in write(tmp_path, three(vs30="474", location="00")):
        (record,) = read(path)
        assert record.record_id == "20190728160908_ARS1"
        assert (record.network, record.location, record.instrument) == ("HI", "00", "HN")
        assert (record.agency_event_id, record.form) == ("EMSC-20190728_0000106", "mp_Acc")
        assert (record.magnitude, record.magnitude_type, record.vs30_m_s) == (4.6, "ML", 474.0)
        assert record.start_time == datetime(2019, 7, 28, 16, 9, 19, 870000, tzinfo=UTC)
        assert (record.sampling_rate_hz, record.stated_distance_km) == (200.0, 88.1)
        assert record.epicentral_distance_km == pytest.approx(88.1, abs=0.1)
        assert record.acceleration.tobytes() == np.stack([motion(seed=n) for n in range(3)]).tobytes()


@pytest.mark.parametrize("stream", ["HNE", "HGE", "HLE", "EHE"])
@pytest.mark.parametrize(
    ("event", "ending", "processing", "form"),
    [
        ("", "ACC.MP", MANUAL, "mp_Acc"),
        ("", "ACC.AP", "automatic (Paolucci et al., 2011)", "ap_Acc"),
        ("", "ACC.CV", "none", "ap_RawAcc"),
        ("20190728.160908", "C.ACC", MANUAL, "mp_Acc"),
        ("20190728_160908", "X.ACC", "none", "ap_RawAcc"),
    ],
)
def test_every_spelling_of_their_names_is_a_record(
    tmp_path: Path, stream: str, event: str, ending: str, processing: str, form: str
) -> None:
    write(tmp_path, three(stream=stream, event=event, ending=ending, processing=processing))
    (record,) = read(tmp_path)
    assert (record.record_id, record.form, record.instrument) == ("20190728160908_ARS1", form, stream[:2])


def test_a_zip_as_esm_sends_it_is_read(tmp_path: Path, ingest: Callable[..., Ingested]) -> None:
    files = [*three(), *three(station="DLFA", network="HL"), *three(station="1001", network="TK")]
    (tmp_path / "a").mkdir()
    with zipfile.ZipFile(tmp_path / "a/query.zip", "w") as opened:
        for file in files:
            opened.writestr(file.name, file.content)
    kept, refused = ingest(tmp_path / "a")
    assert kept == [f"20190728160908_{station}" for station in ("1001", "ARS1", "DLFA")]
    assert refused == {}


@pytest.mark.parametrize(
    ("ending", "data_type", "units"),
    [
        ("VEL.MP", "VELOCITY", "cm/s"),
        ("DIS.MP", "DISPLACEMENT", "cm"),
        ("SA.MP", "ACCELERATION RESPONSE SPECTRUM", "cm/s^2"),
        ("SD.MP", "DISPLACEMENT RESPONSE SPECTRUM", "cm"),
        ("C.PSV", "PSEUDO-VELOCITY RESPONSE SPECTRUM", "cm/s"),
    ],
)
def test_what_is_no_acceleration_is_refused_by_name_and_by_header(
    tmp_path: Path, ingest: Callable[..., Ingested], ending: str, data_type: str, units: str
) -> None:
    files = write(tmp_path / "a", three(ending=ending, data_type=data_type, units=units))
    write(tmp_path / "a", three())
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20190728160908_ARS1"]
    assert refused == {path.name: "unsupported" for path in files}
    renamed = files[0].rename(tmp_path / "renamed.asc")
    with pytest.raises(InputError, match=f"unsupported: DATA_TYPE: '{data_type.lower()}' is no acceleration"):
        read(renamed)


def test_of_two_sensors_at_one_station_one_is_kept(tmp_path: Path, ingest: Callable[..., Ingested]) -> None:
    for location, stream in (("00", "HNE"), ("10", "HNE"), ("00", "HGE")):
        write(tmp_path / "a", three(location=location, stream=stream))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20190728160908_ARS1"]
    assert set(refused.values()) == {"duplicate"}
    (record,) = read(tmp_path / "a", rejects=[])
    assert {(Path(one).name[8:10], Path(one).name[11:13]) for one in record.sources} == {("00", "HG")}


def test_components_without_orientation_are_refused(tmp_path: Path, ingest: Callable[..., Ingested]) -> None:
    east, north, up = three()
    odd = [replace(east, stream="HN2"), replace(north, stream="HN3"), up]
    write(tmp_path / "a", odd)
    kept, refused = ingest(tmp_path / "a")
    assert kept == []
    assert refused == {odd[0].name: "unsupported", odd[1].name: "unsupported", up.name: "missing_component"}


def test_a_station_that_the_name_contradicts_is_refused(tmp_path: Path) -> None:
    for file in three():
        (tmp_path / file.name).write_bytes(replace(file, station="ARS2").content)
    with pytest.raises(InputError, match="its header is of station ARS2, its name of ARS1"):
        read(tmp_path)
