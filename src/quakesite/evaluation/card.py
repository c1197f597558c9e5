"""The cards of saved models: the figures and sections that all have alike.

In the form of Mitchell et al. (2019, Proc. FAT*, 220-229), with the YAML front matter of Hugging Face.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from quakesite.evaluation.audit import clipped, sentence
from quakesite.evaluation.layout import Row, markdown, text
from quakesite.evaluation.metrics import Figures
from quakesite.stations.schema import CLASSES, site_class

if TYPE_CHECKING:
    from quakesite.evaluation.saved import Member

SYNTHETIC = (
    "**Trained on a synthetic archive: this model shows that the workflow runs and knows nothing about any "
    "real site. Do not use its figures.**"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says in figures.

    Attributes:
        n_records, n_events: of the windows with a measured Vs30.
        classes: measured stations by site class.
        vs30: smallest and largest measured Vs30, in m/s.
        ranges: smallest and largest value by column of the windows; None where nothing is known.
        splits: by trial, (stations, ...) of train, validation and test.
        figures: on test stations.
        coverage: rows of `coverage.csv`.
        class_skill: row of `class_skill.csv`.
    """

    n_records: int
    n_events: int
    classes: Mapping[str, int]
    vs30: tuple[float, float] | None
    ranges: Mapping[str, tuple[float, float] | None]
    splits: Mapping[int, tuple[int, int, int]]
    figures: Figures
    coverage: Sequence[Row]
    class_skill: Row


@dataclass(frozen=True, slots=True)
class Words:
    """What a card says of its own kind of model.

    Attributes:
        title: behind the model's name.
        what: what it is, what goes in and what comes out.
        data: what it was made from.
        validation: what the validation stations were for.
        limits: items of its own.
    """

    title: str
    what: str
    data: str
    validation: str
    limits: Sequence[str]


RANGES = {
    "magnitude": ("magnitude", "", 1),
    "epicentral_distance_km": ("epicentral distance", " km", 0),
    "pga_cm_s2": ("PGA", " cm/s²", 2),
    "st_latitude": ("latitude of the stations", "°", 2),
    "st_longitude": ("longitude of the stations", "°", 2),
}


def written(
    name: str, about: Mapping[str, Any], facts: Facts, words: Words, leaked: tuple[str, ...] = ()
) -> str:
    """Returns a card, as Markdown.

    Args:
        name: the experiment's or baseline's.
        about: what `model.json` says.
        facts: the figures.
        words: what its kind of model says.
        leaked: stations that stood in test and in train of one trial.
    """
    synthetic = about["synthetic"]
    parts = [
        front_matter(name, facts, synthetic=synthetic),
        f"# Vs30 from strong-motion records: {name}, {words.title}",
        *([SYNTHETIC] if synthetic else []),
        words.what,
        *("## Use", use(name)),
        *("## Data", words.data),
        *("## Split", split(facts, words.validation)),
        *("## Skill", skill(name, facts, leaked)),
        *("## Limits", limits(about["coverage"], about["outside_level"], facts, words.limits)),
        *("## Licence", licence(synthetic=synthetic)),
    ]
    return "\n\n".join(parts) + "\n"


def facts_of(
    windows: pa.Table,
    vs30: Mapping[str, float],
    members: Sequence[Member[Any]],
    figures: Figures,
    coverage: Sequence[Row],
    class_skill: Row,
) -> Facts:
    """Returns the figures of a card.

    Args:
        windows: metadata of the windows the model is tested on.
        vs30: measured Vs30 in m/s by station.
        members: its networks.
        figures: on test stations.
        coverage: rows of `coverage.csv`.
        class_skill: row of `class_skill.csv`.
    """
    own = {name for member in members for names in member.stations.values() for name in names}
    known = sorted(own & set(vs30))
    kept = windows.filter(pa.array([name in own for name in windows["station"].to_pylist()], pa.bool_()))
    ranges: dict[str, tuple[float, float] | None] = {}
    for name in RANGES:
        values = [value for value in kept[name].to_pylist() if value is not None]
        ranges[name] = (min(values), max(values)) if values else None
    return Facts(
        n_records=len(kept),
        n_events=len(set(kept["event_id"].to_pylist())),
        classes=Counter(site_class(vs30[name]) for name in known),
        vs30=(min(vs30[name] for name in known), max(vs30[name] for name in known)) if known else None,
        ranges=ranges,
        splits={
            one.trial: (
                len(one.stations["train"]),
                len(one.stations["validation"]),
                len(one.stations["test"]),
            )
            for one in members
        },
        figures=figures,
        coverage=coverage,
        class_skill=class_skill,
    )


def front_matter(name: str, facts: Facts, *, synthetic: bool) -> str:
    """Returns the YAML that Hugging Face reads."""
    import yaml

    tags = ["seismology", "strong-motion", "vs30", "site-characterisation"]
    values: dict[str, Any] = {
        "language": ["en"],
        "library_name": "quakesite",
        "license": "mit" if synthetic else "other",
        "tags": [*tags, *(["synthetic-data"] if synthetic else [])],
    }
    if not synthetic:
        values["license_name"] = "as-the-records"
        values["license_link"] = "README.md"
    figures = facts.figures
    if figures.n_stations and math.isfinite(figures.absolute_mean_error_station_pct):
        names = {
            "error_per_station_pct": figures.absolute_mean_error_station_pct,
            "error_of_the_best_constant_pct": figures.constant_error_pct,
            "skill": figures.skill,
            "skill_low": figures.skill_low,
            "skill_high": figures.skill_high,
        }
        metrics = [
            {"type": key, "name": key.replace("_", " "), "value": round(value, 4)}
            for key, value in names.items()
            if math.isfinite(value)
        ]
        dataset = "synthetic strong-motion archive" if synthetic else "strong-motion archive"
        values["model-index"] = [
            {
                "name": name,
                "results": [
                    {
                        "task": {"type": "tabular-regression", "name": "Vs30 at unseen stations"},
                        "dataset": {"type": "strong-motion", "name": dataset},
                        "metrics": metrics,
                    }
                ],
            }
        ]
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---"


def use(name: str) -> str:
    """Returns how to predict with the model called `name`."""
    return (
        "```python\nfrom quakesite.models import load\nfrom quakesite.records import read\n\n"
        f'for station in load("results/models/{name}").predict(read("my_record.asc")):\n'
        "    print(station.station, station.vs30_m_s, station.low_m_s, station.high_m_s)\n```\n\n"
        f"or `quakesite predict my_records/ --model results/models/{name}`."
    )


def data(facts: Facts, *, synthetic: bool) -> list[str]:
    """Returns what a model was made from: records, stations, classes and ranges."""
    if facts.vs30 is None:
        return []
    classes = ", ".join(f"{name} {facts.classes[name]}" for name in CLASSES if facts.classes.get(name))
    kind = "synthetic records" if synthetic else "records"
    return [
        f"- {facts.n_records} {kind} of {facts.n_events} earthquakes at {sum(facts.classes.values())} "
        f"stations with a measured Vs30 of {facts.vs30[0]:.0f} to {facts.vs30[1]:.0f} m/s; NEHRP "
        f"classes: {classes}",
        *(
            f"- {label}: {found[0]:.{decimals}f} to {found[1]:.{decimals}f}{unit}"
            for name, (label, unit, decimals) in RANGES.items()
            if (found := facts.ranges[name]) is not None
        ),
    ]


def limits(coverage: float, outside_level: float, facts: Facts, further: Sequence[str] = ()) -> str:
    """Returns what a model is not good for.

    Args:
        coverage: of its intervals.
        outside_level: share of ordinary stations marked as outside.
        facts: the figures.
        further: limits of this kind of model.
    """
    return "\n".join(
        [
            f"- An interval is made to cover {share(coverage)} of stations *like those above*: "
            "over many stations, not at each one. It is as wide for soft as for stiff ground, for one record "
            "as for many. Other regions, instruments, magnitudes and distances are not promised anything.",
            f"- `outside_data` marks stations whose records are unlike those above (p at most "
            f"{outside_level:g}, so about that share of ordinary stations as well). A station that "
            "is not marked may still be unlike them in what the records do not show.",
            "- Site classes with few stations above are guessed at; class A and E most of all.",
            "- It takes the place of no site investigation and is not to be used for design on its own.",
            *further,
            *(
                ["- Skill is given on few stations: the interval above says how uncertain it is."]
                if facts.figures.n_stations < 100
                else []
            ),
        ]
    )


def split(facts: Facts, how: str) -> str:
    """Returns how many stations each trial learnt from and was tested on.

    Args:
        facts: the figures.
        how: what validation stations were for.
    """
    if not facts.splits:
        return "None."
    rows = [[str(trial), *map(str, counts)] for trial, counts in facts.splits.items()]
    return (
        f"By station, never by record; {how}, the test stations are looked at once.\n\n"
        + markdown(rows, ["trial", "train stations", "validation", "test"]).strip()
    )


def skill(name: str, facts: Facts, leaked: tuple[str, ...]) -> str:
    """Returns the collapse audit, the errors on unseen stations, and whether intervals and classes hold."""
    figures = facts.figures
    said = sentence(name, figures, leaked) or (
        f"{name} is better than a constant on unseen stations: its skill's interval lies above 0."
    )
    if not figures.n_stations:
        return said
    rows = [
        ["test stations (records)", f"{figures.n_stations} ({figures.n_records})"],
        ["absolute mean error per station", f"{text(figures.absolute_mean_error_station_pct, 1)} %"],
        ["of the best constant on the same stations", f"{text(figures.constant_error_pct, 1)} %"],
        [
            "skill against it (bootstrap interval over stations)",
            f"{text(figures.skill, 2)} ({text(figures.skill_low, 2)} to {text(figures.skill_high, 2)})",
        ],
        ["R² of ln Vs30", text(figures.r2_ln_vs30, 2)],
        ["RMS of ln Vs30", text(figures.rms_ln_vs30, 3)],
        ["spread of its predictions", f"{text(figures.spread_m_s, 1)} m/s"],
        ["spread of the measured Vs30", f"{text(figures.vs30_spread_m_s, 1)} m/s"],
    ]
    covered = [
        [
            share(row["coverage"]),
            str(row["stations"]),
            str(row["n_stations"]),
            share(row["covered"]),
            f"{share(row['covered_low'])} to {share(row['covered_high'])}",
            text(row["factor"], 2),
        ]
        for row in facts.coverage
        if row["n_stations"]
    ]
    header = ["asked for", "stations", "number", "covered", "95 % interval of that", "Vs30 over and times"]
    odd = clipped(name, figures)
    holds = [
        "Do the intervals hold? Stations that one trial held out, by intervals of the other trials alone:",
        markdown(covered, header).strip(),
    ]
    return "\n\n".join(
        [
            f"Collapse audit: {said}",
            markdown(rows, ["on test stations, all trials", "figure"]).strip(),
            *([odd] if odd else []),
            *(holds if covered else ["There are too few stations to check the intervals on."]),
            *_classes(facts.class_skill),
        ]
    )


def _classes(skill: Row) -> list[str]:
    if not skill["n_stations"]:
        return []
    score, of_frequencies, gain, low, high = (
        text(skill[name], 2)
        for name in ("brier", "brier_climatology", "brier_skill", "brier_skill_low", "brier_skill_high")
    )
    return [
        f"Class probabilities of {skill['n_stations']} stations, by the other trials alone: Brier score "
        f"{score}, that of the frequencies of the classes {of_frequencies} (skill {gain}, {low} to {high}); "
        f"the likeliest class was right at {share(skill['right_class'])}."
    ]


def share(value: object) -> str:
    """Returns a share as a percentage."""
    return f"{100 * value:.0f} %" if isinstance(value, float) and math.isfinite(value) else "NaN"


def licence(*, synthetic: bool) -> str:
    """Returns whose the model is."""
    code = "The code is quakesite's (MIT)."
    if synthetic:
        return f"{code} Data and weights are synthetic: MIT as well."
    return (
        f"{code} The weights were learnt from records whose licence is their owner's to say (headers of "
        "TADAS files state `DATA_LICENSE: U`, unknown). Ask before you publish them, and cite "
        "the network that recorded."
    )
