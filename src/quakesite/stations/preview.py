"""What a user's own tables and reports will give: by file, what is used, what is not and why."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from quakesite.rejects import Reason, Reject
from quakesite.stations.conflicts import STATED
from quakesite.stations.join import Joined
from quakesite.stations.schema import Standing
from quakesite.stations.sources import REPORT
from quakesite.stations.trail import Trail

FILES = ("file", "taken as", "what it gives")
USED = (
    *("station", "Vs30 (m/s)", "sigma ln", "class", "VsZ (m/s)"),
    *("source", "date", "status", "where it stands"),
)
FLAGGED = ("station", "Vs30 (m/s)", "look at", "where it stands")
REFUSED = ("station", "reason", "detail", "where it stands")
DISAGREES = ("station", "what", "kept", "other", "difference", "where it stands")
LEFT_OUT = ("station", "value", "where it stands")
COUNTED = ("value", "how many", "the first")
BEHIND = ("station", "source", "Vs30 (m/s)", "date", "status", "where it stands")
FEATURES = ("file", "column", "stations", "farthest (m)")

OF_STATION = re.compile(r"^station (?P<code>\w+)[: ]\s*(?P<rest>.*)$", re.DOTALL)


@dataclass(frozen=True)
class Sources:
    """What was asked for, and what came of it.

    Args:
        joined: the sources, joined.
        rejects: all that was refused.
        roles: each file, and as what it was taken.
        features: the files of site features.
    """

    joined: Joined
    rejects: Sequence[Reject]
    roles: Mapping[str, str]
    features: Sequence[str] = ()

    @property
    def root(self) -> str:
        """The folder below which all files are, ending with a separator; empty where there is none."""
        folders = {os.path.dirname(file) for file in self.roles}
        try:
            common = os.path.commonpath(sorted(folders)) if folders else ""
        except ValueError:  # absolute and relative ones, or other drives
            common = ""
        return common + os.sep if common else ""

    def rows(self) -> list[dict[str, Any]]:
        """The joined stations."""
        return list(self.joined.stations.to_pylist())


def whole(sources: Sources) -> list[Trail]:
    """Returns everything: each file, value, refusal, disagreement and value left out."""
    used: list[tuple[str, ...]] = []
    behind: list[tuple[str, ...]] = []
    for row in sources.rows():
        for said in row["evidence"]:
            status = _with_flags(said)
            value = "" if said["vs30_m_s"] is None else f"{said['vs30_m_s']:.1f}"
            place, day = f"{said['file']}: {said['place']}", str(said["date"] or "")
            if Standing.of(said["status"]) is Standing.KEPT:
                classes = f"{row['site_class']}, {row['site_class_ec8']}, {row['site_class_tbdy']}"
                vsz = _vsz(row)
                sigma = "" if row["vs30_sigma_ln"] is None else f"{row['vs30_sigma_ln']:.2g}"
                used.append((row["station"], value, sigma, classes, vsz, said["source"], day, status, place))
            else:
                behind.append((row["station"], said["source"], value, day, status, place))
    refused, left_out = _refused(sources.rejects)
    disagreements = _disagreements(sources.joined)
    return [
        _files(sources, everything=True),
        Trail(f"Will be used: a Vs30 for {len(used)} stations", used, [], USED),
        Trail(f"Will not be used: {len(refused)}", refused, [], REFUSED),
        Trail(f"Disagreements: {len(disagreements)}", disagreements, [], DISAGREES),
        Trail(f"Values left out: {len(left_out)}", left_out, [], LEFT_OUT),
        Trail(f"Not needed (another source counts) or without a Vs30: {len(behind)}", behind, [], BEHIND),
        *_features(sources),
    ]


def brief(sources: Sources) -> list[Trail]:
    """Returns a summary by file, and what needs attention alone, with paths below the files' own folder."""
    trails = whole(sources)
    _, used, refused, disagreements, left_out, behind, *features = trails
    flagged: list[tuple[str, ...]] = [
        (row[0], row[1], row[7].partition("(")[2].rstrip(")").replace("_", " "), row[-1])
        for row in used.rows
        if "(" in row[7]
    ]
    counts: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for row in left_out.rows:
        counts[row[1].partition(":")[0]].append(row)
    counted: list[tuple[str, ...]] = [
        (name, str(len(rows)), f"{rows[0][0]}{rows[0][1].partition(':')[2]}, {rows[0][2]}")
        for name, rows in sorted(counts.items())
    ]
    shown = [
        _files(sources, everything=False),
        Trail(used.title + (f"; {len(flagged)} to look at" if flagged else ""), flagged, [], FLAGGED),
        refused,
        disagreements,
        Trail(left_out.title, counted, [], COUNTED),
        Trail(behind.title, [], [], BEHIND),
        *features,
    ]
    return [
        _shortened(trail, sources.root) for trail in shown if trail.rows or not trail.title.endswith(": 0")
    ]


def as_data(sources: Sources) -> dict[str, list[dict[str, Any]]]:
    """Returns everything for scripts: the files, and the rows of `STATIONS`, `CONFLICTS` and the rejects."""
    return {
        "files": [{"file": file, "taken_as": role} for file, role in sorted(sources.roles.items())],
        "stations": sources.rows(),
        "conflicts": sources.joined.conflicts.to_pylist(),
        "rejects": [asdict(reject) for reject in sources.rejects],
    }


def _files(sources: Sources, everything: bool) -> Trail:
    """Returns what came of each file; in short, of reports only those of which something did not."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for row in sources.rows():
        for one in row["evidence"]:
            said[one["file"]]["stations"] += 1
            is_kept = Standing.of(one["status"]) is Standing.KEPT
            said[one["file"]]["used"] += is_kept
            said[one["file"]]["flagged"] += is_kept and bool(one["flags"])
    for reject in sources.rejects:
        file = next((file for file in _prefixes(reject.source) if file in sources.roles), reject.source)
        said[file]["values left out" if _is_value(reject) else f"refused: {reject.reason}"] += 1
    rows: list[tuple[str, ...]] = []
    n_sound = 0
    for file, role in sorted(sources.roles.items()):
        counts = said[file]
        others = [f"{name} {count}" for name, count in counts.items() if name not in ("stations", "used")]
        others = [text for text in others if not text.endswith(" 0")]
        if role.startswith(REPORT) and counts["used"] and not others and not everything:
            n_sound += 1
            continue
        gives = f"stations {counts['stations']}, used {counts['used']}" if counts["stations"] else "nothing"
        rows.append((file, role, "; ".join([gives, *others])))
    more = "1 more report" if n_sound == 1 else f"{n_sound} more reports"
    remarks = [f"{more} will be used without a remark."] if n_sound else []
    return Trail(f"Files: {len(sources.roles)}", rows, remarks, FILES)


def _prefixes(place: str) -> list[str]:
    """Returns what can be the file of `file: row 5`, the longest first."""
    parts = place.split(": ")
    return [": ".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _is_value(reject: Reject) -> bool:
    """Returns whether a single value was left out and its row or station stays."""
    of_cell = reject.reason is Reason.BAD_TABLE_ROW and OF_STATION.match(reject.detail) is not None
    return of_cell or reject.reason is Reason.BAD_FEATURE


def _refused(rejects: Sequence[Reject]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    refused: list[tuple[str, ...]] = []
    left_out: list[tuple[str, ...]] = []
    for reject in sorted(rejects, key=lambda one: (one.source, one.detail)):
        matched = OF_STATION.match(reject.detail)
        code, rest = (matched["code"], matched["rest"]) if matched else ("", reject.detail)
        if _is_value(reject):
            left_out.append((code, rest, reject.source))
        else:
            refused.append((code, str(reject.reason), rest, reject.source))
    return refused, left_out


def _with_flags(said: Mapping[str, Any]) -> str:
    flags = said["flags"].replace(";", ", ")
    return f"{said['status']} ({flags})" if flags else str(said["status"])


def _vsz(row: Mapping[str, Any]) -> str:
    if row["vsz_m_s"] is None:
        return ""
    return f"{row['vsz_m_s']:.0f} to {row['profile_depth_m']:g} m"


def _disagreements(joined: Joined) -> list[tuple[str, ...]]:
    said: list[tuple[str, ...]] = []
    for row in joined.conflicts.to_pylist():
        values = [
            "" if row[name] is None else f"{row[name]:.1f} m/s" for name in ("kept_value", "other_value")
        ]
        if row["difference_km"] is not None:
            by = f"{row['difference_km']:.1f} km"
        else:
            by = "" if row["difference_pct"] is None else f"{row['difference_pct']:.1f} %"
        by = by or row["detail"]
        other = "the value it states" if row["other_source"] == STATED else row["other_file"]
        where = f"{row['kept_file']}\n{other}"
        said.append((row["station"], row["field"], *values, by, where))
    return said


def _features(sources: Sources) -> list[Trail]:
    if not sources.features:
        return []
    joins: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in sources.rows():
        for origin in row["origins"]:
            if origin["distance_m"] is not None:
                joins[origin["file"], origin["field"]].append(origin["distance_m"])
    found: list[tuple[str, ...]] = [
        (file, field, str(len(away)), f"{max(away):.0f}") for (file, field), away in sorted(joins.items())
    ]
    of_none = sorted(set(sources.features) - {file for file, _ in joins})
    return [
        Trail(
            "Site features", found, [f"{file}: reaches none of these stations" for file in of_none], FEATURES
        )
    ]


def _shortened(trail: Trail, root: str) -> Trail:
    rows = [tuple(text.replace(root, "") if root else text for text in row) for row in trail.rows]
    return Trail(trail.title, rows, trail.remarks, trail.heading)
