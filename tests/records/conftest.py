"""Records in TADAS's form, written for one test each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from quakesite.records.opening import Sources

HEADER = """EVENT_NAME: 202010301151
EVENT_ID: 10614
EVENT_DATE_YYYYMMDD: 2020/10/30
EVENT_TIME_HHMMSS: 11:51:24.00000
EVENT_LATITUDE_DEGREE: {ev_latitude}
EVENT_LONGITUDE_DEGREE: 26.703
EVENT_DEPTH_KM: 16.54
HYPOCENTER_REFERENCE: AFAD
MAGNITUDE_W: {magnitude_w}
MAGNITUDE_W_REFERENCE: AFAD
MAGNITUDE_L: {magnitude_l}
MAGNITUDE_L_REFERENCE:\x20
NETWORK: TK
STATION_CODE: {station}
STATION_LATITUDE_DEGREE: 37.85997
STATION_LONGITUDE_DEGREE: 27.26501
STATION_ELEVATION_M: 24.0
LOCATION: KU\u015eADASI: -_-_-
VS30_M/S: {vs30}
EPICENTRAL_DISTANCE_KM: 49.38
EARTHQUAKE_BACKAZIMUTH_DEGREE:\x20
DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS: {start}
SAMPLING_INTERVAL_S: {interval}
NDATA: {n_samples}
STREAM: HN{component}
UNITS: {units}
PGA_CM/S^2: {pga}
HEADER_FORMAT: DYNA 1.2
DATA_TYPE: Acceleration
PROCESSING: Manual Paolucci et al., 2011
USER5:\x20
"""


def motion(n_samples: int = 400, seed: int = 0) -> npt.NDArray[np.float64]:
    """Samples to six decimals, as TADAS writes them, whose neighbours are alike as those of ground motion."""
    noise = np.random.default_rng(seed).normal(0, 5, n_samples + 3)
    return (0.5 * np.convolve(noise, np.ones(4), "valid")).round(6)


@dataclass(frozen=True)
class Component:
    """One component's file: what its header says and its samples."""

    component: str = "E"
    station: str = "0905"
    stamp: str = "20201030115124"
    version: str = "mp_RawAcc"
    start: str = "2020/10/30 11:51:01.9260240"
    interval: str = "0.01"
    units: str = "cm/s^2"
    vs30: str = "369"
    magnitude_w: str = "6.6"
    magnitude_l: str = ""
    ev_latitude: str = "37.879"
    pga: str | None = None
    n_samples: int | None = None
    first_lines: str = ""
    samples: npt.NDArray[np.float64] = field(default_factory=motion)

    @property
    def name(self) -> str:
        letter = self.component.replace("Z", "U")
        return f"{self.stamp}_{self.station}_{self.version}_{letter}.asc"

    @property
    def content(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["pga"] = self.pga if self.pga is not None else f"{np.abs(self.samples).max(initial=0):.3f}"
        fields["n_samples"] = self.n_samples if self.n_samples is not None else len(self.samples)
        body = "".join(f"{value:.6f}\n" for value in self.samples)
        return (self.first_lines + HEADER.format(**fields) + body).encode("utf-8")

    def at(self, seconds: float) -> Component:
        """The same with the first sample `seconds` later."""
        start = datetime.fromisoformat(self.start[:26].replace("/", "-")) + timedelta(seconds=seconds)
        return replace(self, start=f"{start:%Y/%m/%d %H:%M:%S.%f}")


def three(common: Component | None = None, **fields: object) -> list[Component]:
    """The three components of one record, each with its own motion."""
    base = replace(common or Component(), **fields)  # type: ignore[arg-type]
    n_samples = len(base.samples)
    return [replace(base, component=name, samples=motion(n_samples, seed)) for seed, name in enumerate("ENZ")]


def write(folder: Path, components: list[Component]) -> list[Path]:
    """Writes components as files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / component.name for component in components]
    for path, component in zip(paths, components, strict=True):
        path.write_bytes(component.content)
    return paths


@pytest.fixture
def opened() -> Iterator[Sources]:
    with Sources() as sources:
        yield sources


Ingested = tuple[list[str], dict[str, str]]


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., Ingested]:
    """Runs index and shard over an archive: the ids kept, and the reason of every file refused."""
    import json

    import pyarrow.parquet as pq

    from quakesite.records import ingest as stage
    from quakesite.records.settings import RecordsSettings

    def run(archive: Path, **settings: object) -> Ingested:
        out = tmp_path / "out"
        stage.index([str(archive)], 1, out / "sources.parquet", out / "archive.parquet")
        chosen = RecordsSettings.model_validate(json.loads(json.dumps(settings)))
        stage.shard("0-of-1", [str(archive)], chosen, out / "records.parquet", out / "rejects.parquet")
        refused = {}
        for table in ("archive", "rejects"):
            for row in pq.read_table(out / f"{table}.parquet").to_pylist():
                refused[Path(row["source"].replace("!", "/")).name] = row["reason"]
        return pq.read_table(out / "records.parquet")["record_id"].to_pylist(), refused

    return run
