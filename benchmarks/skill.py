"""Skill of a preset on synthetic stations: the network against the H/V forest and the best constant.

    OMP_NUM_THREADS=1 python benchmarks/skill.py [--stations 240] [--records 2] [--trials 5] [--seed 7]
        [--preset quakesite] [--train 20 40 60 100 ...]

Prints a Markdown table. The stations are those that the synthetic archive would have with this seed, made in
memory: motion, instrument and processing, no files, no defects, no picks. The network is trained by
`train_trial` (experiment beta_auto_pga: no P/S) on the windows of 60 s around the peak, each trial on its
train stations, and judged, as is the forest, by the figures of `skill.csv` on the stations that no trial
learned from. `--train` names how many of a trial's train stations both learn from (`train_stations`; fewer
are always among more); without it all of them: 70 % of `--stations`. Five trials test every station once.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.signal import resample_poly

from quakesite.demo.motion import simulate, site_response
from quakesite.demo.plan import MAX_EPICENTRAL_KM, plan_events, plan_records, plan_station
from quakesite.demo.processing import processed
from quakesite.evaluation.features.spectra import ln_hv
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.forest import StationFeatures, forest_predictions
from quakesite.evaluation.schema import HV_FREQUENCIES_HZ
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.table2 import figures_of
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import write_csv, write_parquet
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import make_splits
from quakesite.training.train import Files, train_trial
from quakesite.windows.schema import TENSOR, WINDOWS, Description
from quakesite.windows.sharding import write_windows

EXPERIMENT, FOREST = "beta_auto_pga", "hvsr_forest"
SAMPLES, RATE_HZ = 6000, 100.0
HEADER = (
    "train stations",
    "model",
    "test stations",
    "error, %",
    "constant, %",
    "skill",
    "R² of ln Vs30",
    "collapsed",
    "a trial takes (processor time)",
)


class Synthetic:
    """Stations made in memory, and what a trial reads of them in a folder.

    Args:
        folder: where windows and the table of stations are written.
        n: number of stations.
        records: of each station, from so many earthquakes; those beyond 120 km are left out.
        seed: of the synthetic archive.
    """

    def __init__(self, folder: Path, n: int, records: int, seed: int) -> None:
        self.folder, self.records, self.seed = folder, records, seed
        self.vs30: dict[str, float] = {}
        self.curves: dict[str, list[np.ndarray]] = {}
        self.ids: list[tuple[str, str]] = []
        self.windows, self.stations = folder / "windows.parquet", folder / "stations.parquet"
        about = Description("pga60", "{}", SAMPLES, RATE_HZ)
        made = [row for index in range(n) for row in self._rows(index)]
        write_windows(sorted(made, key=lambda row: str(row["record_id"])), about, self.windows)
        rows = [
            dict.fromkeys(STATIONS.names)
            | {"station": name, "network": "TK", "vs30_m_s": value, "n_records": len(self.curves[name])}
            | {"site_class": site_class(value)}
            for name, value in self.vs30.items()
        ]
        write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), self.stations)

    def _rows(self, index: int) -> Iterator[dict[str, Any]]:
        station = plan_station(self.seed, index)
        site = site_response(station)
        for plan in plan_records(self.seed, station, plan_events(self.seed, self.records)[station.region]):
            if plan.epicentral_km > MAX_EPICENTRAL_KM:
                continue
            motion = simulate(self.seed, plan, site).acceleration
            samples = np.asarray(processed(motion, station.rate_hz, plan.form), float)
            if station.rate_hz != RATE_HZ:
                samples = resample_poly(samples, 1, round(station.rate_hz / RATE_HZ), axis=1)
            self.vs30[station.code] = station.profile.vs30_m_s
            self.curves.setdefault(station.code, []).append(ln_hv(samples, RATE_HZ, HV_FREQUENCIES_HZ))
            self.ids.append((plan.record_id, station.code))
            yield dict.fromkeys(WINDOWS.names) | {
                "record_id": plan.record_id,
                "station": station.code,
                "event_id": plan.event.stamp,
                "epicentral_distance_km": plan.epicentral_km,
                "back_azimuth_deg": plan.back_azimuth_deg,
                "pga_cm_s2": float(np.abs(samples).max()),
                "start_s": 0.0,
                "filled_samples": 0,
                TENSOR: window(samples).tobytes(),
            }

    def features(self) -> StationFeatures:
        """Returns the H/V curves of the stations."""
        names = sorted(self.curves)
        values = np.array([np.mean(self.curves[name], axis=0) for name in names])
        return StationFeatures(np.array(names, dtype=np.str_), values)


def window(samples: np.ndarray) -> np.ndarray:
    """Returns the 60 s around the peak, zeros where the record ends, and a P/S channel of zeros."""
    start = int(np.argmax((samples**2).sum(axis=0))) - SAMPLES // 2
    first, last = max(0, start), min(samples.shape[1], start + SAMPLES)
    out = np.zeros((4, SAMPLES), "<f4")
    out[:3, first - start : last - start] = samples[:, first:last]
    return out


def run(data: Synthetic, trials: int, settings: TrainingSettings, name: str) -> None:
    """Trains network and forest, and prints their rows."""
    folder = data.folder / name
    started, spent = time.time(), time.process_time()
    learned, paths = {}, []
    for number in range(1, trials + 1):
        splits = make_splits(data.vs30, [number], 0)
        table = folder / "splits" / f"{number}.csv"
        write_csv(splits, table)
        files = Files([data.windows], [data.windows], data.stations, table)
        trial = train_trial(EXPERIMENTS[EXPERIMENT], number, files, settings, folder / str(number))
        paths.append(folder / str(number) / "predictions.parquet")
        chosen = set(trial.parts["train"].stations)
        of_station = zip(splits["station"].to_pylist(), splits["split"].to_pylist(), strict=True)
        learned[number] = {one: part for one, part in of_station if part != "train" or one in chosen}
    wall, cpu = time.time() - started, time.process_time() - spent
    forest = folder / f"{FOREST}.parquet"
    write_parquet(forest_predictions(FOREST, data.features(), data.ids, learned, data.vs30, 0), forest)
    judged = {
        settings.preset: read_folds(paths, [EXPERIMENT], data.vs30)[EXPERIMENT].rows,
        FOREST: read_folds([forest], [FOREST], data.vs30)[FOREST].rows,
    }
    n_train = np.mean([sum(part == "train" for part in split.values()) for split in learned.values()])
    for who, rows in judged.items():
        found = figures_of(rows, EvaluationSettings())
        took = f"{wall / trials:.0f} s ({cpu / trials:.0f} s)" if who == settings.preset else ""
        print(
            f"| {n_train:.0f} | `{who}` | {found.n_stations} | {found.absolute_mean_error_station_pct:.1f} | "
            f"{found.constant_error_pct:.1f} | {found.skill:.2f} ({found.skill_low:.2f} to "
            f"{found.skill_high:.2f}) | {found.r2_ln_vs30:.2f} | {'yes' if found.collapsed else 'no'} | "
            f"{took} |",
            flush=True,
        )


def main() -> None:
    """Makes the stations, and prints a pair of rows for each number of train stations."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stations", type=int, default=240)
    parser.add_argument("--records", type=int, default=2)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--preset", default="quakesite")
    parser.add_argument("--train", type=int, nargs="+", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        data = Synthetic(Path(folder), given.stations, given.records, given.seed)
        print(
            f"{len(data.vs30)} synthetic stations, {len(data.ids)} records, made in "
            f"{time.time() - started:.0f} s\n\n| {' | '.join(HEADER)} |\n{'|---' * len(HEADER)}|",
            flush=True,
        )
        for count in [*given.train, None]:
            settings = TrainingSettings(preset=given.preset, train_stations=count)
            run(data, given.trials, settings, str(count))


if __name__ == "__main__":
    main()
