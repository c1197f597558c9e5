"""The leakage check that is part of every run: nothing of a test station is ever trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quakesite.errors import InputError
from quakesite.training.data import Part


def check_leakage(parts: Mapping[str, Part]) -> None:
    """Checks that no station and no waveform is in two splits.

    Waveforms are compared by the hash of their E, N and Z samples, so that one record under two stamps or
    two station codes is found as well.

    Raises:
        InputError: one is; names the stations or records, and the splits.
    """
    _disjoint(
        {name: [(station, station) for station in part.stations] for name, part in parts.items()}, "station"
    )
    _disjoint(
        {name: list(zip(part.digests, part.record_ids, strict=True)) for name, part in parts.items()},
        "the waveform of record",
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
