"""The results of a run that never was: all tables that figures, map and report need, of any size."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from quakesite.evaluation.schema import FEATURES, HV_FREQUENCIES_HZ
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE, RECORDS
from quakesite.rejects import SCHEMA as REJECTS
from quakesite.shards import shard_names
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import write_parquet
from quakesite.training.experiments import TABLE_II
from quakesite.training.schema import HISTORY
from quakesite.windows.schema import WINDOWS, Description

RATE_HZ = 100.0
N_SHARDS = 2
TRIALS = 3
PROVINCES = ("Muğla", "İzmir", "Kahramanmaraş", "</script><b>Van", "Erzincan")
"""One of them would end a script element that is written carelessly."""


def make(results: Path, n_stations: int, *, records_each: int = 3) -> list[dict[str, Any]]:
    """Writes the tables under `results` and returns the rows of the stations table.

    Every seventh station is not measured; the first record of the first station has samples and a window.
    """
    rng = np.random.default_rng(0)
    stations = [_station(place, rng) for place in range(n_stations)]
    records = [
        _record(station, number, rng)
        for station in stations
        for number in range(1 + (int(station["station"]) + records_each) % records_each)
    ]
    _write(results / "stations/stations.parquet", stations, STATIONS)
    _write(results / "records/catalogue.parquet", records, CATALOGUE)
    picks = [pick for record in records for pick in _picks(record, rng)]
    _write(results / "picks.parquet", picks, PICKS)
    _shards(results, stations, records, rng)
    _predictions(results, stations, rng)
    _evaluation(results)
    _histories(results)
    return stations


def _station(place: int, rng: np.random.Generator) -> dict[str, Any]:
    vs30 = None if place % 7 == 6 else round(float(np.exp(rng.normal(6.0, 0.5))), 1)
    return {
        "station": f"{place + 1:04d}",
        "network": "TK",
        "latitude": float(36.5 + 5.0 * rng.random()),
        "longitude": float(27.0 + 17.0 * rng.random()),
        "elevation_m": float(rng.integers(0, 1800)),
        "province": PROVINCES[place % len(PROVINCES)],
        "vs30_m_s": vs30,
        "vs30_source": None if vs30 is None else ("report", "table")[place % 2],
        "vs30_method": "MASW" if vs30 is not None and place % 2 == 0 else None,
        "n_records": 1,
    }


def _record(station: dict[str, Any], number: int, rng: np.random.Generator) -> dict[str, Any]:
    event = f"201{number % 10}0817000139"
    return {
        "record_id": f"{event}_{station['station']}",
        "station": station["station"],
        "network": "TK",
        "event_id": event,
        "magnitude": round(float(rng.uniform(3.5, 7.4)), 1),
        "magnitude_type": "Mw",
        "epicentral_distance_km": round(float(np.exp(rng.uniform(1.5, 4.8))), 1),
        "ev_depth_km": 12.0,
        "form": "mp_Acc",
        "sources": [],
        "sampling_rate_hz": RATE_HZ,
        "n_samples": 7000,
        "pga_cm_s2": round(float(np.exp(rng.normal(2.0, 1.0))), 2),
        "shard": shard_names(N_SHARDS)[0],
    }


def _picks(record: dict[str, Any], rng: np.random.Generator) -> list[dict[str, Any]]:
    snr = round(float(rng.normal(38.0, 12.0)), 2)
    common = {"record_id": record["record_id"], "method": "eqtransformer", "probability": 0.9, "flags": []}
    return [
        common | {"phase": "P", "time_s": 15.0, "snr_db": snr},
        common | {"phase": "S", "time_s": 24.0, "snr_db": snr},
        *(
            [common | {"method": "manual", "phase": "P", "time_s": 15.1}]
            if record["station"] == "0001"
            else []
        ),
    ]


def _shards(
    results: Path,
    stations: Sequence[dict[str, Any]],
    records: Sequence[dict[str, Any]],
    rng: np.random.Generator,
) -> None:
    peaks = {station["station"]: (station["vs30_m_s"] or 400.0) / 120.0 for station in stations}
    features = [
        {"record_id": one["record_id"], "station": one["station"], "pga_cm_s2": one["pga_cm_s2"]}
        | {"sa_0_2_s_cm_s2": 1.0, "sa_1_0_s_cm_s2": 1.0}
        | {"ln_hv": _curve(peaks[one["station"]], rng)}
        for one in records
    ]
    first = records[0]
    samples = _samples(rng)
    for at, shard in enumerate(shard_names(N_SHARDS)):
        _write(results / f"evaluation/features/{shard}.parquet", features[at::N_SHARDS], FEATURES)
        held = [first | {"acceleration": samples.tobytes()}] if at == 0 else []
        _write(results / f"records/{shard}.parquet", held, RECORDS)
        windows = [_window(first, samples)] if at == 0 else []
        description = Description("pga60", "{}", 6000, RATE_HZ)
        schema = WINDOWS.with_metadata(description.as_metadata("test"))
        _write(results / f"windows/pga60/auto/{shard}.parquet", windows, schema)
        _write(results / f"records/rejects/{shard}.parquet", [], REJECTS)
    _write(results / "stations/rejects.parquet", [], REJECTS)


def _curve(peak_hz: float, rng: np.random.Generator) -> list[float]:
    shape = 1.4 * np.exp(-((np.log(HV_FREQUENCIES_HZ / peak_hz) / 0.35) ** 2))
    return [float(value) for value in shape + rng.normal(0.0, 0.15, len(HV_FREQUENCIES_HZ))]


def _samples(rng: np.random.Generator) -> np.ndarray:
    """70 s of noise with a P at 15 s (Up) and a larger S at 24 s (horizontal)."""
    seconds = np.arange(7000) / RATE_HZ
    noise = rng.normal(0.0, 0.02, (3, 7000))
    for onset, sizes in ((15.0, (1.0, 1.5, 6.0)), (24.0, (30.0, 22.0, 7.0))):
        after = np.clip(seconds - onset, 0.0, None)
        envelope = after * np.exp(-after / 3.0)
        noise += np.array(sizes)[:, None] * envelope * rng.normal(0.0, 0.5, (3, 7000))
    return noise.astype("<f4")


def _window(record: dict[str, Any], samples: np.ndarray) -> dict[str, Any]:
    tensor = np.zeros((4, 6000), "<f4")
    tensor[:3] = samples[:, 200:6200]
    tensor[3, 1300:2200] = 1.0
    return {
        "record_id": record["record_id"],
        "station": record["station"],
        "event_id": record["event_id"],
        "pga_cm_s2": record["pga_cm_s2"],
        "snr_db": 40.0,
        "p_sample": 1300.0,
        "s_sample": 2200.0,
        "start_s": 2.0,
        "filled_samples": 0,
        "tensor": tensor.tobytes(),
    }


def _predictions(results: Path, stations: Sequence[dict[str, Any]], rng: np.random.Generator) -> None:
    rows, members = [], []
    for place, station in enumerate(stations):
        measured = station["vs30_m_s"]
        predicted = round(float((measured or 400.0) * np.exp(rng.normal(0.0, 0.25))), 2)
        rows.append(
            {name: station[name] for name in ("station", "network", "latitude", "longitude")}
            | {"vs30_measured": "" if measured is None else measured, "vs30_predicted": predicted}
            | {"vs30_low": round(predicted / 1.5, 2), "vs30_high": round(predicted * 1.5, 2), "n_records": 2}
            | {"site_class": site_class(predicted), "out_of_fold": "true" if place % 5 else "false"}
            | {"model": "hvsr_forest", "coverage": 0.9, "outside_data": "true" if place == 3 else "false"}
        )
        if measured is not None:
            members.append(
                {name: station[name] for name in ("station", "latitude", "longitude")}
                | {"region": 1 + place % 3, "ln_ratio": round(float(np.log(predicted / measured)), 4)}
            )
    _csv(results / "predictions.csv", rows)
    _csv(results / "evaluation/region_members.csv", members)


def _evaluation(results: Path) -> None:
    blank = {"n_stations": 35, "n_records": 173, "absolute_mean_error_pct": 45.1, "p_constant": 0.2}
    blank |= {"absolute_mean_error_station_pct": 44.5, "constant_error_pct": 36.8}
    models = [("best_constant", "baseline", 0.0, "", "the constant itself")]
    models += [
        (name, "experiment", -0.2 - 0.01 * at, "true", "collapsed") for at, name in enumerate(TABLE_II)
    ]
    models += [("vs30_wave", "baseline", -0.1, "true", "collapsed")]
    models += [("kriging", "baseline", 0.81, "false", "leaked")]
    models += [("hvsr_forest", "baseline", 0.54, "false", "better than a constant")]
    skill = [
        {"name": name, "kind": kind}
        | blank
        | {"skill": value, "skill_low": value - 0.15, "skill_high": value + 0.12}
        | {"collapsed": collapsed, "verdict": verdict}
        for name, kind, value, collapsed, verdict in models
    ]
    _csv(results / "skill.csv", skill)
    _csv(results / "table1.csv", [{"experiment": name, "train_stations": 39.3} for name in TABLE_II])
    _csv(
        results / "table2.csv",
        [
            {"experiment": name, "site_class": one} | blank | {"skill": "NaN" if one == "A" else -0.2}
            for name in TABLE_II
            for one in ("A", "B", "C", "D", "E", "Total")
        ],
    )
    _csv(
        results / "regions.csv",
        [
            {"region": region, "n_stations": 12, "mean_ln_ratio": 0.1 - 0.1 * region, "std_ln_ratio": 0.25}
            | {"mean_absolute_ln_ratio": 0.2, "std_absolute_ln_ratio": 0.12}
            for region in (1, 2, 3)
        ],
    )
    curve = [
        {"name": "hvsr_forest", "trial": trial, "n_stations": count}
        | {"error_station_pct": error + 2 * trial, "constant_error_pct": 37.0 + trial}
        for trial in range(1, TRIALS + 1)
        for count, error in ((5 + trial, 40.0), (14 + trial, 28.0), (39 + trial, 17.0))
    ]
    _csv(results / "learning_curve.csv", curve)
    rejects = [
        {
            "record_id": "",
            "source": f"a.zip!{at}.asc",
            "stage": stage,
            "reason": reason,
            "detail": "what was found",
        }
        for stage, reason, number in (
            ("records", "too_far", 21),
            ("records", "duplicate", 24),
            ("windows", "low_snr", 7),
        )
        for at in range(number)
    ]
    _csv(results / "rejects.csv", rejects)
    criteria = [
        {"clusters": k, "inertia_km2": 9000.0 / k, "gap": 0.1 * k, "gap_error": 0.05}
        | {"elbow": str(k == 3).lower(), "gap_choice": str(k == 2).lower(), "used": str(k == 3).lower()}
        for k in range(1, 6)
    ]
    _csv(results / "evaluation/region_criteria.csv", criteria)
    control = {"experiment": "beta_auto_pga", "n_stations": 35, "change_pct": 1.5, "change_low": -0.5}
    _csv(results / "control.csv", [control | {"change_high": 3.0}])
    held = {"model": "hvsr_forest", "coverage": 0.9, "stations": "all", "n_stations": 35, "covered": 0.88}
    _csv(results / "coverage.csv", [held, held | {"stations": "class C", "n_stations": 0, "covered": "NaN"}])
    _class_tables(results)
    compared = {"station": "0001", "list_vs30_m_s": 300.0, "header_vs30_m_s": 310.0}
    _csv(results / "stations/comparison.csv", [compared])
    _csv(results / "counts.csv", [{"what": "stations", "paper": 731, "run": 60, "difference": -671}])
    conflict = {"station": "0001", "field": "vs30_m_s", "kept_source": "report", "kept_value": 300.0}
    _csv(results / "stations/conflicts.csv", [conflict])
    agreement = {"method": "eqtransformer", "reference": "manual", "phase": "P", "n_method_only": 3}
    agreement |= {"n_reference_only": 1, "median_s": -0.04, "mad_s": 0.03}
    agreement |= {"within_0_1_s": 0.95, "within_0_2_s": 1.0, "within_0_5_s": 1.0}
    bins = [("all", "all", 65), *(("snr_db", f"{low} to {low + 10}", 15) for low in (20, 30, 40))]
    _csv(results / "agreement.csv", [agreement | {"by": by, "bin": one, "n": n} for by, one, n in bins])


def _class_tables(results: Path) -> None:
    score = {"model": "hvsr_forest", "n_stations": 35, "brier": 0.4321, "brier_climatology": 0.6}
    score |= {"brier_skill": 0.28, "brier_skill_low": 0.11, "brier_skill_high": 0.4}
    ranked = [("hvsr_forest", "baseline", 0.31), ("beta_auto_pga", "experiment", -0.02)]
    ranking = [
        {"model": name, "kind": kind, "validation_skill": skill, "folder": f"models/{name}"}
        for name, kind, skill in ranked
    ]
    _csv(results / "ranking.csv", ranking)
    _csv(results / "class_skill.csv", [score | {"right_class": 0.7, "right_class_climatology": 0.5}])
    came_true = {"model": "hvsr_forest", "site_class": "all", "probability_from": 0.1, "probability_to": 0.3}
    came_true |= {"n": 20, "mean_probability": 0.21, "frequency": 0.25}
    came_true |= {"frequency_low": 0.08657146910143461, "frequency_high": 0.4910459}
    _csv(results / "evaluation/class_reliability.csv", [came_true])


def history_row(experiment: int, trial: int, epoch: int) -> dict[str, float]:
    """Returns a row of a history; no two columns, experiments, trials or epochs have a value in common.

    The mean of the three trials is none of them, and none is the largest throughout.
    """
    spread = (0.0, 3.0, 10.0)[(trial + epoch) % TRIALS]
    row: dict[str, float] = {"epoch": epoch}
    for at, name in enumerate(one for one in HISTORY.names if one != "epoch"):
        level = 40.0 + 7.0 * at + 1.3 * experiment + 20.0 / epoch + spread
        row[name] = 900.0 * level if "loss" in name else level
    return row


def _histories(results: Path) -> None:
    for at, name in enumerate(TABLE_II):
        for trial in range(1, TRIALS + 1):
            rows = []
            for epoch in range(1, 9):
                rows.append(history_row(at, trial, epoch))
            _csv(results / f"training/{name}/{trial}/history.csv", rows)


def _write(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> None:
    write_parquet(pa.Table.from_pylist(list(rows), schema=schema), path)


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
