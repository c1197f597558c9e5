"""What captions tell of a run, read from its tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import fmean, mean, median
from typing import Any

from quakesite.evaluation.corridor import steps
from quakesite.evaluation.schema import FEATURES
from quakesite.evaluation.skill import BEST_CONSTANT
from quakesite.figures import hv_curve, learning_curve
from quakesite.figures.channels import CLEARLY_APART_S
from quakesite.figures.overview import read_snr
from quakesite.figures.predicted import has_no_place, is_judged
from quakesite.figures.stations_map import has_place
from quakesite.figures.table_rows import finite, read_rows
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE
from quakesite.shards import shard_names
from quakesite.stations.schema import CLASSES, STATIONS, site_class
from quakesite.tables import read_parquet
from quakesite.windows.reading import open_shard

Rows = list[dict[str, Any]]

BETTER = "better than a constant"
"""The verdict of `skill.csv` on a model that knows something of a site."""


class Tables:
    """Reads what captions tell from the tables of one run.

    Args:
        results: the run's folder.
        n_shards: number of shards of the run.
        method: pick method whose signal-to-noise ratios are told; None for the first of the table.
    """

    def __init__(self, results: Path, n_shards: int, method: str | None = None) -> None:
        self._results, self._n_shards, self._method = results, n_shards, method

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
        values = read_snr(self._results / "picks.parquet", self._method).values()
        return {"records": len(values), "median": median(values) if values else None}

    def windows(self) -> dict[str, int]:
        """Returns how many windows Figure 3 chooses from, and how many of them have P and S far apart."""
        number = apart = 0
        for shard in shard_names(self._n_shards):
            path = self._results / f"windows/pga60/auto/{shard}.parquet"
            if not path.is_file():
                continue
            opened = open_shard(path)
            rows = opened.metadata.select(["p_sample", "s_sample"]).to_pylist()
            number += len(rows)
            apart += sum(
                row["s_sample"] - row["p_sample"] >= CLEARLY_APART_S * opened.description.rate_hz
                for row in rows
                if row["p_sample"] is not None and row["s_sample"] is not None
            )
        return {"number": number, "apart": apart}

    def picks(self) -> dict[str, dict[str, int]]:
        """Returns the numbers of P and S picks by method."""
        columns = ["method", "phase"]
        rows = read_parquet(self._results / "picks.parquet", PICKS, columns=columns).to_pylist()
        counts = Counter((row["method"], row["phase"]) for row in rows)
        return {method: {phase: counts[method, phase] for phase in "PS"} for method, _ in sorted(counts)}

    def stations(self) -> dict[str, Any]:
        """Returns numbers of stations: all, placed, measured, by class, by source; and the range of Vs30."""
        columns = ["latitude", "longitude", "vs30_m_s", "vs30_source"]
        rows = read_parquet(
            self._results / "stations/stations.parquet", STATIONS, columns=columns
        ).to_pylist()
        measured = [vs30 for row in rows if (vs30 := finite(row["vs30_m_s"])) is not None]
        classes = Counter(map(site_class, measured))
        return {
            "all": len(rows),
            "placed": sum(map(has_place, rows)),
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
        """Returns the row of the largest skill of those better than a constant; None without any."""
        better = [row for row in self.models() if row["verdict"] == BETTER]
        return max(better, key=lambda row: row["skill"], default=None)

    def experiments(self) -> dict[str, list[str]]:
        """Returns the names of `all` experiments and of the `collapsed` ones."""
        return self._of_kind("experiment")

    def baselines(self) -> dict[str, list[str]]:
        """Returns the names of `all` baselines and of the `collapsed` ones; the best constant is none."""
        return self._of_kind("baseline")

    def better(self) -> list[str]:
        """Returns the names of the models whose verdict is that they are better than a constant."""
        return [row["name"] for row in self.models() if row["verdict"] == BETTER]

    def _of_kind(self, kind: str) -> dict[str, list[str]]:
        rows = [row for row in self.skill() if row["kind"] == kind and row["name"] != BEST_CONSTANT]
        collapsed = [row["name"] for row in rows if row["collapsed"] == "true"]
        return {"all": [row["name"] for row in rows], "collapsed": collapsed}

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
        judged = [row for row in rows if is_judged(row)]
        with_interval = [
            row for row in judged if None not in (finite(row["vs30_low"]), finite(row["vs30_high"]))
        ]
        held = [
            float(row["vs30_low"]) <= float(row["vs30_measured"]) <= float(row["vs30_high"])
            for row in with_interval
        ]
        return {
            "stations": len(rows),
            "judged": len(judged),
            "no_place": sum(map(has_no_place, rows)),
            "unmeasured": sum(finite(row["vs30_measured"]) is None for row in rows),
            "with_interval": len(with_interval),
            "held_pct": 100.0 * mean(held) if held else None,
        }

    def learning_curve(self) -> dict[str, Any] | None:
        """Returns the mean errors (%) at the fewest and the most stations learnt from; None without rows."""
        rows = self._csv("learning_curve.csv")
        if not rows:
            return None
        steps_of_model, steps_of_constant = (
            learning_curve.by_step(rows, column) for column in ("error_station_pct", "constant_error_pct")
        )
        if not steps_of_model or not steps_of_constant:
            return None
        few, many = steps_of_model[0], steps_of_model[-1]
        return {
            "name": rows[0]["name"],
            "steps": len(steps_of_model),
            "trials": len({row["trial"] for row in rows}),
            "few": round(few.stations),
            "many": round(many.stations),
            "error_few": fmean(few.errors_pct),
            "error_many": fmean(many.errors_pct),
            "constant": fmean(steps_of_constant[-1].errors_pct),
        }

    def hv(self) -> dict[str, Any] | None:
        """Returns which station the H/V figure shows and what is known of it; None without any."""
        counts: Counter[str] = Counter()
        for shard in shard_names(self._n_shards):
            path = self._results / f"evaluation/features/{shard}.parquet"
            counts.update(hv_curve.counts(read_parquet(path, FEATURES, columns=["station", "ln_hv"])))
        rows = self._csv("predictions.csv")
        if not any(counts[row["station"]] for row in rows):
            return None
        row = hv_curve.choose(rows, counts)
        return {
            "station": f"{row['network']} {row['station']}".strip(),
            "unseen": row["out_of_fold"] == "true",
            "measured": finite(row["vs30_measured"]) is not None,
            "interval": None not in (finite(row["vs30_low"]), finite(row["vs30_high"])),
            "records": counts[row["station"]],
        }

    def regions(self) -> Rows:
        """Returns the rows of `regions.csv`, numbers as numbers."""
        return [{name: _number(value) for name, value in row.items()} for row in self._csv("regions.csv")]

    def region_choice(self) -> dict[str, Any] | None:
        """Returns how many regions there are, what elbow and gap statistic say, and how many stations."""
        criteria = self._csv("evaluation/region_criteria.csv")
        regions = self._csv("regions.csv")
        if not criteria or not regions:
            return None
        chosen = {
            name: next((int(row["clusters"]) for row in criteria if row[name] == "true"), None)
            for name in ("used", "elbow", "gap_choice")
        }
        ground = [name for name in ("geology", "lithology") if any(row.get(name) for row in regions)]
        return {**chosen, "stations": sum(int(row["n_stations"]) for row in regions), "ground": ground}

    def coverage(self) -> Rows:
        """Returns the rows of `coverage.csv` over all stations that say something, numbers as numbers."""
        rows = [{name: _number(value) for name, value in row.items()} for row in self._csv("coverage.csv")]
        return [row for row in rows if row["stations"] == "all" and finite(row["covered"]) is not None]

    def class_skill(self) -> Rows:
        """Returns the rows of `class_skill.csv` that have a skill, numbers as numbers."""
        rows = [{name: _number(value) for name, value in row.items()} for row in self._csv("class_skill.csv")]
        return [row for row in rows if finite(row["brier_skill"]) is not None]

    def ranking(self) -> Rows:
        """Returns the rows of `ranking.csv` that have a skill, the best first, numbers as numbers."""
        rows = [{name: _number(value) for name, value in row.items()} for row in self._csv("ranking.csv")]
        return [row for row in rows if finite(row["validation_skill"]) is not None]

    def comparison(self) -> int:
        """Returns the number of stations whose record headers are compared with the station list."""
        return len(self._csv("stations/comparison.csv"))

    def control(self) -> Rows:
        """Returns the rows of `control.csv` that have a change, numbers as numbers."""
        rows = [{name: _number(value) for name, value in row.items()} for row in self._csv("control.csv")]
        return [row for row in rows if finite(row["change_pct"]) is not None]

    def agreement(self) -> Rows:
        """Returns the rows of `agreement.csv` on all records that both methods picked, numbers as numbers."""
        rows = [row for row in self._csv("agreement.csv") if row["by"] == "all" and int(row["n"])]
        return [{name: _number(value) for name, value in row.items()} for row in rows]

    def _csv(self, name: str) -> list[dict[str, str]]:
        return read_rows(self._results / name)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _range(rows: Rows, column: str, decimals: int) -> str:
    known = [value for row in rows if (value := finite(row[column])) is not None]
    return f"{min(known):.{decimals}f} to {max(known):.{decimals}f}" if known else "unknown"


def _sentence(row: dict[str, Any]) -> str:
    if row["skill"] != row["skill"]:
        return f"{row['name']}: {row['verdict']}."
    return (
        f"{row['name']}: {row['verdict']}. Error {row['absolute_mean_error_station_pct']:.1f} % per station, "
        f"the best constant {row['constant_error_pct']:.1f} %; skill {row['skill']:.2f} "
        f"({row['skill_low']:.2f} to {row['skill_high']:.2f})."
    )
