"""What captions tell of a run, read from its tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import mean, median
from typing import Any

from quakesite.evaluation.corridor import steps
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.skill import BEST_CONSTANT
from quakesite.figures.overview import read_snr
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE
from quakesite.stations.schema import CLASSES, STATIONS, site_class
from quakesite.tables import read_parquet

Rows = list[dict[str, Any]]


class Tables:
    """Reads what captions tell from the tables of one run."""

    def __init__(self, results: Path, n_shards: int) -> None:
        self._results, self._n_shards = results, n_shards

    def corridor(self) -> list[Any]:
        """Returns what stands at each stage (`evaluation.corridor.Step`)."""
        return steps(self._results, self._n_shards)

    def data(self) -> dict[str, Any]:
        """Returns numbers of records, stations and events, and the ranges of magnitude and distance."""
        columns = ["record_id", "station", "event_id", "magnitude", "epicentral_distance_km"]
        rows = read_parquet(
            self._results / "records/catalogue.parquet", CATALOGUE, columns=columns
        ).to_pylist()
        counts = Counter(row["station"] for row in rows)
        return {
            "records": len(rows),
            "stations": len(counts),
            "events": len({row["event_id"] for row in rows}),
            "magnitude": _range(rows, "magnitude", 1),
            "distance": _range(rows, "epicentral_distance_km", 0),
            "per_station": median(counts.values()) if counts else 0,
        }

    def snr(self) -> dict[str, Any]:
        """Returns how many records have a signal-to-noise ratio, and its median (dB)."""
        values = read_snr(self._results / "picks.parquet")
        return {"records": len(values), "median": median(values) if values else float("nan")}

    def picks(self) -> dict[str, dict[str, int]]:
        """Returns the numbers of P and S picks by method."""
        columns = ["method", "phase"]
        rows = read_parquet(self._results / "picks.parquet", PICKS, columns=columns).to_pylist()
        counts = Counter((row["method"], row["phase"]) for row in rows)
        return {method: {phase: counts[method, phase] for phase in "PS"} for method, _ in sorted(counts)}

    def stations(self) -> dict[str, Any]:
        """Returns numbers of stations: all, measured, by class, by source; and the range of Vs30."""
        columns = ["vs30_m_s", "vs30_source"]
        rows = read_parquet(
            self._results / "stations/stations.parquet", STATIONS, columns=columns
        ).to_pylist()
        measured = [row["vs30_m_s"] for row in rows if row["vs30_m_s"] is not None]
        classes = Counter(map(site_class, measured))
        return {
            "all": len(rows),
            "measured": len(measured),
            "classes": ", ".join(f"{name} {classes[name]}" for name in CLASSES if classes[name]) or "none",
            "sources": dict(
                sorted(Counter(row["vs30_source"] for row in rows if row["vs30_source"]).items())
            ),
            "vs30": f"{min(measured):.0f} to {max(measured):.0f}" if measured else "none",
        }

    def conflicts(self) -> int:
        """Returns the number of disagreements between sources."""
        return len(self._csv("stations/conflicts.csv"))

    def skill(self) -> Rows:
        """Returns the rows of `skill.csv`, numbers as numbers."""
        return [{name: _number(value) for name, value in row.items()} for row in self._csv("skill.csv")]

    def models(self) -> Rows:
        """Returns the rows of `skill.csv` that have a skill, without the best constant itself."""
        return [row for row in self.skill() if row["name"] != BEST_CONSTANT and row["skill"] == row["skill"]]

    def best(self) -> dict[str, Any] | None:
        """Returns the row of `skill.csv` with the largest skill."""
        return max(self.models(), key=lambda row: row["skill"], default=None)

    def collapsed(self) -> list[str]:
        """Returns the names of the models that have collapsed to a constant."""
        return [row["name"] for row in self.skill() if row["collapsed"] == "true"]

    def better(self) -> list[str]:
        """Returns the names of the models whose interval of skill lies above zero."""
        return [row["name"] for row in self.models() if row["skill_low"] > 0.0 and row["collapsed"] != "true"]

    def audit(self) -> list[str]:
        """Returns one plain sentence on every experiment: what it is worth beside the best constant."""
        return [_sentence(row) for row in self.skill() if row["kind"] == "experiment"]

    def rejects(self) -> list[dict[str, Any]]:
        """Returns how many were refused, by stage and reason, most frequent first."""
        counts = Counter((row["stage"], row["reason"]) for row in self._csv("rejects.csv"))
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [{"stage": stage, "reason": reason, "number": number} for (stage, reason), number in ordered]

    def predictions(self) -> dict[str, Any]:
        """Returns how many stations are predicted, judged unseen, and held by their interval."""
        rows = self._csv("predictions.csv")
        judged = [row for row in rows if row["vs30_measured"] and row["out_of_fold"] == "true"]
        with_interval = [row for row in judged if row["vs30_low"]]
        held = [
            float(row["vs30_low"]) <= float(row["vs30_measured"]) <= float(row["vs30_high"])
            for row in with_interval
        ]
        return {
            "stations": len(rows),
            "judged": len(judged),
            "unmeasured": sum(not row["vs30_measured"] for row in rows),
            "held_pct": 100.0 * mean(held) if held else float("nan"),
        }

    def learning_curve(self) -> dict[str, Any] | None:
        """Returns the mean errors (%) at the fewest and the most stations learnt from; None without rows."""
        rows = self._csv("learning_curve.csv")
        if not rows:
            return None
        few, many = (
            [row for row in rows if int(row["n_stations"]) == end]
            for end in (
                min(int(row["n_stations"]) for row in rows),
                max(int(row["n_stations"]) for row in rows),
            )
        )
        return {
            "name": rows[0]["name"],
            "few": int(few[0]["n_stations"]),
            "many": int(many[0]["n_stations"]),
            "error_few": mean(float(row["error_station_pct"]) for row in few),
            "error_many": mean(float(row["error_station_pct"]) for row in many),
            "constant": mean(float(row["constant_error_pct"]) for row in many),
        }

    def regions(self) -> Rows:
        """Returns the rows of `regions.csv`, numbers as numbers."""
        return [{name: _number(value) for name, value in row.items()} for row in self._csv("regions.csv")]

    def agreement(self) -> Rows:
        """Returns the rows of `agreement.csv` on all records that both methods picked, numbers as numbers."""
        rows = [row for row in self._csv("agreement.csv") if row["by"] == "all" and int(row["n"])]
        return [{name: _number(value) for name, value in row.items()} for row in rows]

    def _csv(self, name: str) -> list[dict[str, str]]:
        return read_csv(self._results / name)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _range(rows: Rows, column: str, decimals: int) -> str:
    known = [row[column] for row in rows if row[column] is not None]
    return f"{min(known):.{decimals}f} to {max(known):.{decimals}f}" if known else "unknown"


def _sentence(row: dict[str, Any]) -> str:
    if row["skill"] != row["skill"]:
        return f"{row['name']}: {row['verdict']}."
    return (
        f"{row['name']}: {row['verdict']}. Error {row['absolute_mean_error_station_pct']:.1f} % per station, "
        f"the best constant {row['constant_error_pct']:.1f} %; skill {row['skill']:.2f} "
        f"({row['skill_low']:.2f} to {row['skill_high']:.2f})."
    )
