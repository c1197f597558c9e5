"""A small archive of windows that the tests of the `training` stage make themselves.

Ten stations, four events; noise whose horizontals ring at Vs30 / 120 m. The windows are short, so that a
training takes a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from quakesite.shards import shard_names, shard_of
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import write_csv, write_parquet
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.pretrain import pretrain
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import make_splits, read_split
from quakesite.training.train import Files, train_trial
from quakesite.training.trial import Trial
from quakesite.windows.schema import TENSOR, WINDOWS, Description
from quakesite.windows.sharding import write_windows

SAMPLES = {"pga60": 1200, "p15": 1000}
VS30 = {f"{number:04d}": 150.0 + 75.0 * number for number in range(1, 11)}
EVENTS = 4
SHARDS = shard_names(2)

Row = dict[str, Any]


def window(station: str, event: int, kind: str) -> Row:
    """Returns a row of `WINDOWS`; the first event has no S pick, the last one no hypocentre."""
    n = SAMPLES[kind]
    random = np.random.default_rng([int(station), event])
    spectrum = np.fft.rfft(random.standard_normal((3, n)))
    frequency = np.maximum(np.fft.rfftfreq(n, 0.01), 1e-3)
    spectrum[:2] *= 1 + 5 * np.exp(-np.square(np.log(frequency / (VS30[station] / 120)) / 0.3))
    motion = np.fft.irfft(spectrum, n) * random.uniform(0.5, 50)
    p, s = n // 3, None if event == 0 else n // 2
    marks = np.zeros(n) if s is None else ((np.arange(n) >= p) & (np.arange(n) < s)).astype(float)
    row: Row = dict.fromkeys(WINDOWS.names) | {
        "record_id": f"2020010{event + 1}000000_{station}",
        "station": station,
        "event_id": f"2020010{event + 1}000000",
        "epicentral_distance_km": None if event == EVENTS - 1 else random.uniform(10, 100),
        "back_azimuth_deg": random.uniform(0, 360),
        "pga_cm_s2": float(np.abs(motion).max()),
        "p_sample": float(p),
        "s_sample": s,
        "start_s": 0.0,
        "filled_samples": 0,
        TENSOR: np.concatenate([motion, marks[None]]).astype("<f4").tobytes(),
    }
    return row


def write_shards(folder: Path, kind: str, rows: list[Row]) -> list[Path]:
    """Writes rows as shards of one kind of window; returns their paths."""
    about = Description(kind, "{}", SAMPLES[kind], 100.0, "eqtransformer")
    rows = sorted(rows, key=lambda row: row["record_id"])
    for shard in SHARDS:
        own = [row for row in rows if shard_of(row["station"], len(SHARDS)) == shard]
        write_windows(own, about, folder / f"{shard}.parquet")
    return [folder / f"{shard}.parquet" for shard in SHARDS]


def write_stations(path: Path, vs30: dict[str, float | None]) -> Path:
    """Writes a table of stations with four records each; returns its path."""
    rows = [
        dict.fromkeys(STATIONS.names)
        | {
            "station": station,
            "network": "TK",
            "vs30_m_s": value,
            "site_class": None if value is None else site_class(value),
            "n_records": EVENTS,
        }
        for station, value in vs30.items()
    ]
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), path)
    return path


@dataclass(frozen=True)
class Archive:
    """What a trial reads, by kind of window and annotation."""

    folder: Path
    windows: dict[tuple[str, str], list[Path]]
    stations: Path
    splits: Path

    def files(self, experiment: str, encoder: Path | None = None) -> Files:
        """Returns the files of one experiment."""
        e = EXPERIMENTS[experiment]
        return Files(
            self.windows[e.window, e.train_annotation],
            self.windows[e.window, e.test_annotation],
            self.stations,
            self.splits,
            encoder,
        )


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Auto windows of every record, manual windows of every other one."""
    folder = tmp_path_factory.mktemp("training")
    windows = {}
    for kind in SAMPLES:
        rows = [window(station, event, kind) for station in VS30 for event in range(EVENTS)]
        windows[kind, "auto"] = write_shards(folder / kind / "auto", kind, rows)
        windows[kind, "manual"] = write_shards(folder / kind / "manual", kind, rows[1::2])
    stations = write_stations(folder / "stations.parquet", dict(VS30))
    splits = folder / "splits.csv"
    write_csv(make_splits(VS30, range(1, 6), 0), splits)
    return Archive(folder, windows, stations, splits)


TrainOne = Callable[..., Trial]
Encoders = Callable[[str, int], Path]


@pytest.fixture
def train_one(archive: Archive, tmp_path: Path) -> TrainOne:
    """Trains one trial of an experiment; files go to `tmp_path/<out>`."""

    def run(
        experiment: str = "beta_auto_p15",
        number: int = 1,
        *,
        out: str = "out",
        files: Files | None = None,
        encoder: Path | None = None,
        **settings: Any,
    ) -> Trial:
        values = {"preset": "paper", "max_epochs": 2, "batch_size": 16, "start_from_mean": True} | settings
        return train_trial(
            EXPERIMENTS[experiment],
            number,
            files or archive.files(experiment, encoder),
            TrainingSettings(**values),
            tmp_path / out,
        )

    return run


@pytest.fixture
def write_again(archive: Archive, tmp_path: Path) -> Callable[..., list[Path]]:
    """Writes windows once more, the waveform of one station's first record under another's too."""

    def write(copy_first_of: str, to: str, kind: str = "p15") -> list[Path]:
        split = read_split(archive.splits, 1)
        origin = next(name for name, part in split.items() if part == copy_first_of)
        other = [name for name, part in split.items() if part == to][-1]
        rows = [window(station, event, kind) for station in VS30 for event in range(EVENTS)]
        copied = window(origin, 0, kind) | {"record_id": f"20210101000000_{other}", "station": other}
        return write_shards(tmp_path / "again", kind, [*rows, copied])

    return write


@pytest.fixture
def repicked(tmp_path: Path) -> list[Path]:
    """The p15 windows once more, every S picked two seconds later: the marks differ and nothing else."""

    def later(row: Row) -> Row:
        values = np.frombuffer(row[TENSOR], "<f4").reshape(4, -1).copy()
        if row["s_sample"] is not None:
            values[3, row["s_sample"] : row["s_sample"] + 200] = 1.0
        return row | {TENSOR: values.tobytes()}

    rows = [window(station, event, "p15") for station in VS30 for event in range(EVENTS)]
    return write_shards(tmp_path / "repicked", "p15", [later(row) for row in rows])


@pytest.fixture(scope="session")
def encoders(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Encoders:
    """Pretrained encoders of trial 1, made when first asked for."""
    made: dict[tuple[str, int], Path] = {}

    def encoder(preset: str, channels: int) -> Path:
        if (preset, channels) not in made:
            path = tmp_path_factory.mktemp("encoder") / "encoder.safetensors"
            settings = TrainingSettings(preset=preset, max_epochs=1)
            pretrain(1, channels, archive.windows["pga60", "auto"], archive.splits, settings, path)
            made[preset, channels] = path
        return made[preset, channels]

    return encoder
