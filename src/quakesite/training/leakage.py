"""The leakage check that is part of every run: nothing of a test station is ever trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quakesite.errors import InputError
from quakesite.training.data import Part
from quakesite.training.events import earthquakes


def check_leakage(parts: Mapping[str, Part], *, events: bool = False) -> None:
    """Checks that no station and no waveform is in two splits; nor, where asked, an earthquake.

    Waveforms are compared by the hash of their E, N and Z samples, so that one record under two stamps or
    two station codes is found as well; event ids whose stamps are within seconds are one earthquake.

    Args:
        parts: the windows of each split.
        events: whether earthquakes are to be disjoint as well.

    Raises:
        InputError: one is; names the stations or records, and the splits.
    """
    _disjoint(
        {name: [(station, station) for station in part.stations] for name, part in parts.items()}, "station"
    )
    _disjoint(
        {name: list(zip(part.waveforms, part.record_ids, strict=True)) for name, part in parts.items()},
        "the waveform of record",
    )
    if events:
        named = earthquakes({event for part in parts.values() for event in part.event_ids})
        _disjoint(
            {name: [(named[event], event) for event in part.event_ids] for name, part in parts.items()},
            "event",
        )


def check_pretraining(taught: Sequence[Part], held_out: Part) -> None:
    """Checks that no waveform of a test or validation station is pretrained on, under whatever station code.

    Raises:
        InputError: one is; names its record.
    """
    keys = {
        "pretraining": [
            pair for part in taught for pair in zip(part.waveforms, part.record_ids, strict=True)
        ],
        "test or validation": list(zip(held_out.waveforms, held_out.record_ids, strict=True)),
    }
    _disjoint(keys, "the waveform of record")


def check_encoder(about: Mapping[str, Any], parts: Mapping[str, Part], *, events: bool = False) -> None:
    """Checks that a pretrained encoder has seen nothing of the test and validation windows.

    Args:
        about: the header of its weights; one that does not say what it was trained on is not checked.
        parts: the windows of each split.
        events: whether earthquakes count as well as stations.

    Raises:
        InputError: it has seen one of their stations, or earthquakes.
    """
    held_out = [parts[name] for name in ("validation", "test")]
    seen = {*about.get("stations", ()), *about.get("validation_stations", ())}
    _unseen(sorted(seen & {name for part in held_out for name in part.stations}), "station")
    if events:
        taught = about.get("events", ())
        named = earthquakes({*taught, *(event for part in held_out for event in part.event_ids)})
        of_encoder = {named[event] for event in taught}
        own = {event for part in held_out for event in part.event_ids if named[event] in of_encoder}
        _unseen(sorted(own), "event")


def _unseen(names: Sequence[str], what: str) -> None:
    if names:
        raise InputError(
            "leakage",
            f"the encoder was pretrained on {what} {names[0]}, which is in test or validation",
            expected="an encoder of the same trial, splits and seed",
            action="pretrain again",
        )


def _disjoint(keys: Mapping[str, Sequence[tuple[str, str]]], what: str) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for split, pairs in keys.items():
        for key, name in pairs:
            other_split, other = seen.setdefault(key, (split, name))
            if other_split != split:
                also = f" (there as {other})" if other != name else ""
                raise InputError(
                    "leakage",
                    f"{what} {name} is in {split} and in {other_split}{also}",
                    expected="disjoint splits",
                    action="remove one of the two from the archive, or make the splits anew",
                )
