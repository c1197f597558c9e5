"""Coordinates as people write them: degrees, minutes and seconds (`39°55'12"N`), or UTM with its zone."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from quakesite.stations.parsing import composed, fold, is_absent, number

Axis = Literal["latitude", "longitude"]

HEMISPHERES: dict[str, tuple[Axis, int]] = {
    **dict.fromkeys(("n", "north", "k", "kuzey"), ("latitude", 1)),
    **dict.fromkeys(("s", "south", "g", "guney"), ("latitude", -1)),
    **dict.fromkeys(("e", "east", "d", "dogu"), ("longitude", 1)),
    **dict.fromkeys(("w", "west", "b", "bati"), ("longitude", -1)),
}
"""Which axis and sign a letter or word beside a number tells, in English and Turkish, folded."""

MARKS = str.maketrans(
    {
        **dict.fromkeys("\u00ba\u02da\u1d52", "\u00b0"),
        **dict.fromkeys("\u2019\u2018\u2032\u00b4`\u02b9", "'"),
        **dict.fromkeys("\u201d\u201c\u2033\u02ba", '"'),
    }
)
"""Characters that look like the marks of degrees, minutes and seconds, and stand for them."""

SEXAGESIMAL = re.compile(
    r"(?P<degrees>\d{1,3})\s*(?:°|:|\s)\s*(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*"
    r"(?:(?:'|:|(?<=\s))\s*(?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|'')?)?)?"
)
BESIDE = re.compile(r"(?P<before>[a-z]*)[\s.:]*(?P<sign>[-+]?)\s*(?P<middle>\d.*?)\s*(?P<after>[a-z]*)\.?")

EASTING_M = (100_000.0, 900_000.0)
NORTHING_M = (0.0, 9_400_000.0)
WITHOUT_ZONE = "UTM without its zone; add a column Zone (36N), or give degrees"
ZONE = re.compile(r"(?:(?:utm|wgs\s*-?84|zone|zon|dilimi?)[\s:./-]*)*(?P<number>\d{1,2})\s*(?P<band>[a-z]*)")
NAMED_ZONE = re.compile(r"\b(?:utm|zone|zon)\b[^\d\n]{0,8}(?P<zone>\d{1,2}\s*[a-z]?)\b")
NORTHERN = frozenset({"", "north", "kuzey", *"npqrstuvwx"})
"""Bands of latitude of the northern hemisphere (`36S`, `37T`), and `N`, which some write for north."""


class Utm(NamedTuple):
    """A place in UTM on WGS84, in m."""

    easting: float
    northing: float
    zone: int


def degrees(value: object, axis: Axis) -> float | None:
    """Returns a cell's latitude or longitude in degrees, null where there is none.

    Decimal degrees, degrees with minutes, and these with seconds are understood, with a letter or word of the
    hemisphere before or behind (K, G, D, B in Turkish) or a sign.

    Raises:
        ValueError: there is something in the cell, but no such coordinate; says what.
    """
    if not isinstance(value, str) or is_absent(value):
        return number(value)
    text = fold(composed(value).strip().translate(MARKS))
    matched = BESIDE.fullmatch(text)
    if matched is None:
        raise ValueError(f"{value!r} is no {axis}")
    sign = _sign(
        value, axis, matched["sign"], [word for word in (matched["before"], matched["after"]) if word]
    )
    middle = matched["middle"]
    sexagesimal = SEXAGESIMAL.fullmatch(middle)
    if sexagesimal is None or (sexagesimal["seconds"] is None and not re.search("[°':]", middle)):
        try:
            plain = None if re.search(r"\d\s+\d", middle) else number(middle.rstrip("° "))
        except ValueError:
            plain = None
        if plain is None:
            raise ValueError(f"{value!r} is no {axis}")
        return sign * plain
    minutes, seconds = (
        float((sexagesimal[name] or "0").replace(",", ".")) for name in ("minutes", "seconds")
    )
    fraction = sexagesimal["seconds"] is not None and minutes != int(minutes)
    if minutes >= 60 or seconds >= 60 or fraction:
        raise ValueError(f"{value!r} is no {axis}: minutes and seconds go from 0 to 59")
    return sign * (3600 * int(sexagesimal["degrees"]) + 60 * minutes + seconds) / 3600


def _sign(value: str, axis: Axis, sign: str, words: list[str]) -> int:
    """Returns 1, or -1 for what lies south or west."""
    told = [HEMISPHERES.get(word) for word in words]
    if None in told or len(told) > 1 or (told and sign):
        raise ValueError(f"{value!r} is no {axis}")
    for found in told:
        if found is not None:
            if found[0] != axis:
                raise ValueError(f"{value!r} is a {found[0]}, not a {axis}")
            return found[1]
    return -1 if sign == "-" else 1


def zone_of(value: object) -> int | None:
    """Returns the UTM zone, 1 to 60, that a cell names (`36`, `36N`, `UTM 36S`), null where it is empty.

    A letter is the band of latitude, as on maps: `36S` lies between 32 and 40 degrees north.

    Raises:
        ValueError: there is something in the cell, but no zone of the northern hemisphere on WGS84.
    """
    if is_absent(value):
        return None
    text = fold(composed(str(value)).strip()).removesuffix(".0")
    matched = ZONE.fullmatch(text)
    if "ed50" in text.replace(" ", "").replace("-", ""):
        raise ValueError(f"{value!r}: ED50 lies some 100 m from WGS84; convert it to degrees on WGS84")
    if matched is None or not 1 <= int(matched["number"]) <= 60 or matched["band"] not in NORTHERN:
        raise ValueError(f"{value!r} is no UTM zone of the northern hemisphere; write it as 36N")
    return int(matched["number"])


def zone_in(text: str) -> str | None:
    """Returns what a heading or line names as the UTM zone (`Easting (UTM 36N)`), for `zone_of`."""
    folded = fold(composed(text))
    matched = NAMED_ZONE.search(folded)
    if matched is None:
        return None
    return (
        f"ED50 {matched['zone']}" if "ed50" in folded.replace(" ", "").replace("-", "") else matched["zone"]
    )


def utm_of(easting: object, northing: object, zone: object) -> Utm | None:
    """Returns the place that three cells give, null where there are no coordinates in them.

    Where the two are the other way round (in Turkish surveys x points north), their size tells.

    Raises:
        ValueError: no zone, or numbers that are no UTM; says what to do.
    """
    east, north = number(easting), number(northing)
    if east is None or north is None:
        return None
    if north < 1e6 <= east:
        east, north = north, east
    for name, metres, (low, high) in (("easting", east, EASTING_M), ("northing", north, NORTHING_M)):
        if not low <= metres <= high:
            raise ValueError(f"{name} {metres:g} m is not within {low:g} to {high:g}")
    found = zone_of(zone)
    if found is None:
        raise ValueError(WITHOUT_ZONE)
    return Utm(east, north, found)


def from_utm(place: Utm) -> tuple[float, float]:
    """Returns latitude and longitude in degrees on WGS84, of the northern hemisphere."""
    from utm import to_latlon

    latitude, longitude = to_latlon(*place, northern=True, strict=False)
    return float(latitude), float(longitude)
