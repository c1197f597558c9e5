"""The card of a model of networks: what it was made from, how good it is, and what it is not good for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quakesite.evaluation.card import Facts, Words, data, written

PAPER = "https://arxiv.org/abs/2503.05224"
NO_STATIONS = "No stations with a measured Vs30 and a window."


def card(about: Mapping[str, Any], facts: Facts, leaked: tuple[str, ...] = ()) -> str:
    """Returns the card, as Markdown.

    Args:
        about: what `model.json` says.
        facts: the figures.
        leaked: stations that stood in test and in train of one trial.
    """
    words = Words(
        title=f"preset {about['preset']}",
        what=_what(about),
        data=_data(about, facts),
        validation="weights are chosen on the validation stations",
        limits=_limits(about),
    )
    return written(about["experiment"]["name"], about, facts, words, leaked)


def _what(about: Mapping[str, Any]) -> str:
    if not about["members"]:
        return f"Nothing was trained: {about['missing']}."
    window, experiment = about["window"], about["experiment"]
    anchor = {"pga": "PGA", "p": "the P pick", "s": "the S pick"}[window["settings"]["anchor"]]
    channels = "E, N, Z" + (" and the time from P to S" if experiment["ps_channel"] else "")
    start = "from an encoder pretrained on epicentres" if experiment["transfer"] else "from scratch"
    which = (
        f"the published CNN-LSTM ({PAPER})"
        if about["preset"] == "paper"
        else "quakesite's own spectral network"
    )
    return (
        f"{len(about['members'])} networks ({which}), one per trial, trained {start}. Input: {channels} at "
        f"{about['input']['rate_hz']:g} Hz in cm/s², {window['settings']['length_s']:g} s placed by {anchor} "
        f"(window `{window['name']}`). Output: Vs30 in m/s, the time-averaged shear-wave velocity of the top "
        "30 m. A station's figure is the geometric mean over its records and over the networks that have not "
        f"seen it. Made by quakesite {about['quakesite_version']}."
    )


def _data(about: Mapping[str, Any], facts: Facts) -> str:
    lines = data(facts, synthetic=about["synthetic"])
    if not lines:
        return NO_STATIONS
    snr = about["limits"].get("min_snr_db")
    by_hand = ", by hand at test stations" * (about["experiment"]["test_annotation"] == "manual")
    lines += [
        f"- signal-to-noise ratio: {'no limit' if snr is None else f'{snr:g} dB and more'}; arrivals by "
        f"{about['picks']['methods'][0]}{by_hand}",
        "- SHA-256 of windows, labels and splits, per trial: "
        + ", ".join(f"`{row['data_sha256'][:16]}…`" for row in about["members"]),
    ]
    return "\n".join(lines)


def _limits(about: Mapping[str, Any]) -> list[str]:
    if not about["experiment"]["ps_channel"]:
        return []
    return [
        "- The fourth channel tells the time from P to S, hence the distance: part of what it "
        "knows may be where earthquakes are recorded, not what the ground is."
    ]
