"""Small tables in the form of the earlier stages, with everything known about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import write_parquet
from quakesite.training.schema import PREDICTIONS

N_STATIONS, N_TRIALS = 100, 5


@pytest.fixture(scope="session")
def vs30() -> dict[str, float]:
    """Measured Vs30 of a hundred stations, log-normal about 420 m/s like Türkiye's: classes B to E."""
    values = np.exp(np.random.default_rng(1).normal(np.log(420.0), 0.45, N_STATIONS)).round(1)
    return {f"{place:04d}": float(value) for place, value in enumerate(np.clip(values, 130.0, 1490.0), 101)}


@pytest.fixture(scope="session")
def stations(vs30: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`stations.parquet` of those stations, and one that nobody has measured."""
    rows = [
        {
            "station": name,
            "network": "TK",
            "latitude": 36.5 + place * 0.05,
            "longitude": 27.0 + place * 0.15,
            "elevation_m": 500.0,
            "vs30_m_s": value,
            "vs30_source": "table",
            "site_class": site_class(value),
            "n_records": int(name) % 4 + 1,
        }
        for place, (name, value) in enumerate(vs30.items())
    ]
    rows.append({"station": "9999", "network": "TK", "latitude": 39.0, "longitude": 35.0, "n_records": 1})
    target = tmp_path_factory.mktemp("stations") / "stations.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), target)
    return target


Predict = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
Predictions = Callable[..., list[Path]]


@pytest.fixture
def predictions(vs30: dict[str, float], tmp_path: Path) -> Predictions:
    """A function that writes the predictions of a model with known faults, one file per trial."""

    def write(name: str, predict: Predict, *, leak: bool = False, trials: int = N_TRIALS) -> list[Path]:
        """Writes `predict(measured, seen, trial)` for every record; `seen` are the train stations' Vs30."""
        names = np.array(sorted(vs30))
        order = np.random.default_rng(7).permutation(len(names))
        paths = []
        for trial in range(1, trials + 1):
            place = (order - (trial - 1) * N_STATIONS // N_TRIALS) % N_STATIONS
            split = np.where(place < 20, "test", np.where(place < 30, "validation", "train"))
            seen = np.array([vs30[station] for station in names[split != "test"]])
            rows = [
                (station, f"2020010{event}000000_{station}", part)
                for station, part in zip(names.tolist(), split.tolist(), strict=True)
                for event in range(1, int(station) % 4 + 2)
            ]
            if leak:
                rows += [(station, record, "train") for station, record, part in rows if part == "test"]
            measured = np.array([vs30[station] for station, _, _ in rows])
            table = pa.table(
                {
                    "experiment": [name] * len(rows),
                    "trial": [trial] * len(rows),
                    "record_id": [record for _, record, _ in rows],
                    "station": [station for station, _, _ in rows],
                    "split": [part for _, _, part in rows],
                    "vs30_m_s": measured,
                    "vs30_predicted_m_s": predict(measured, seen, trial).astype(float),
                },
                schema=PREDICTIONS,
            )
            paths.append(tmp_path / "training" / name / str(trial) / "predictions.parquet")
            write_parquet(table, paths[-1])
        return paths

    return write


def constant(measured: np.ndarray, seen: np.ndarray, trial: int) -> np.ndarray:
    """A network that has collapsed, to another constant in each trial."""
    return np.full(len(measured), 470.0 + 20.0 * trial)


def unfinished(measured: np.ndarray, seen: np.ndarray, trial: int) -> np.ndarray:
    """A network that has not climbed from 0 m/s, where the paper's preset starts."""
    return np.full(len(measured), 0.1 * trial)


def perfect(measured: np.ndarray, seen: np.ndarray, trial: int) -> np.ndarray:
    """A network that knows the answer."""
    return measured.copy()


def random(measured: np.ndarray, seen: np.ndarray, trial: int) -> np.ndarray:
    """A network that draws a train station's Vs30."""
    return np.random.default_rng(trial).choice(seen, len(measured))


def useful(measured: np.ndarray, seen: np.ndarray, trial: int) -> np.ndarray:
    """A network that is right within a factor of about 1.2."""
    return measured * np.exp(np.random.default_rng(trial).normal(0.0, 0.2, len(measured)))


@pytest.fixture(scope="session")
def models() -> dict[str, Predict]:
    """Models by what is known of them."""
    return {
        "constant": constant,
        "unfinished": unfinished,
        "perfect": perfect,
        "random": random,
        "useful": useful,
    }
