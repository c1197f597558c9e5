"""The card of a baseline's forests: what they were grown from, how good they are, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quakesite.evaluation.card import Facts, Words, data, written

LOOKS_AT = {
    "hvsr_forest": "ln H/V at 32 frequencies from 0.2 to 20 Hz of 40 s around the peak",
    "hvsr_elevation_forest": "ln H/V at 32 frequencies from 0.2 to 20 Hz of 40 s around the peak, and the "
    "station's elevation",
    "pwave_forest": "the surface velocity that the tilt of the first P motion tells",
    "intensity_forest": "magnitude, epicentral distance, PGA and spectral acceleration at 0.2 and 1 s",
}


def card(about: Mapping[str, Any], facts: Facts, leaked: tuple[str, ...] = ()) -> str:
    """Returns the card, as Markdown.

    Args:
        about: what `model.json` says.
        facts: the figures.
        leaked: stations that stood in test and in train of one trial.
    """
    words = Words(
        title="a random forest",
        what=_what(about),
        data=_data(about, facts),
        validation="nothing is learnt from the validation stations",
        limits=_limits(about["baseline"]),
    )
    return written(about["baseline"], about, facts, words, leaked)


def _what(about: Mapping[str, Any]) -> str:
    if not about["members"]:
        return f"Nothing was grown: {about['missing']}."
    settings = about["settings"]
    return (
        f"{len(about['members'])} random forests of {settings['n_trees']} trees, one per trial, grown by "
        f"scikit-learn {about['environment']['scikit-learn']} on ln Vs30. Input: "
        f"{_looks_at(about)}, averaged over a station's records. Output: Vs30 in m/s, the "
        "time-averaged shear-wave velocity of the top 30 m: the best constant of the station's neighbours in "
        "the leaves (Meinshausen 2006). A station's figure is the geometric mean over the forests that have "
        f"not seen it. Made by quakesite {about['quakesite_version']}."
    )


def _looks_at(about: Mapping[str, Any]) -> str:
    return LOOKS_AT.get(about["baseline"], ", ".join(about["input"]["features"]))


def _data(about: Mapping[str, Any], facts: Facts) -> str:
    lines = data(facts, synthetic=about["synthetic"])
    if not lines:
        return "No stations with a measured Vs30 and a record."
    lines += [
        f"- SHA-256 of the settings: `{about['settings_sha256'][:16]}…`",
        "- SHA-256 of features and labels, per trial: "
        + ", ".join(f"`{row['data_sha256'][:16]}…`" for row in about["members"]),
    ]
    return "\n".join(lines)


def _limits(name: str) -> list[str]:
    found = ["- It never predicts a Vs30 beyond those of its train stations."]
    if name == "intensity_forest":
        found.append(
            "- It knows magnitude and distance: part of what it knows may be where earthquakes are recorded, "
            "not what the ground is."
        )
    if name == "hvsr_elevation_forest":
        found.append("- It knows the elevation: part of what it knows may be the region, not the ground.")
    return found
