"""What a file's name tells: its form, station, event stamp, processing and component."""

from __future__ import annotations

import re
from typing import NamedTuple

FORMS_BY_SUFFIX = {
    ".asc": "asc",
    ".txt": "nsmn",
    ".mat": "mat",
    ".mseed": "mseed",
    ".miniseed": "mseed",
    ".msd": "mseed",
    ".fseed": "mseed",
    ".seed": "mseed",
    ".xml": "stationxml",
}
"""The only suffixes a reader is meant for, in lower case."""

NO_ACCELERATION = {
    "VEL": "velocity",
    "DIS": "displacement",
    "SA": "a response spectrum",
    "SD": "a response spectrum",
    "SV": "a response spectrum",
    "PSV": "a response spectrum",
}
"""What else ESM and ITACA give out under the names of their records (ITACA, "User info", version 2.2)."""

LONGEST_NAME = 255
"""Characters a file's name may have; longer ones, possible in zips, tell nothing."""

_STAMP_AND_STATION = re.compile(
    r"(?P<prefix>.*?)(?<!\d)(?P<stamp>\d{14})_(?P<station>[A-Za-z0-9]+)(?P<rest>.*)", re.ASCII
)
_NETWORK_FIRST = re.compile(
    r"[A-Z0-9]{1,2}\.(?P<station>[A-Z0-9]{1,5})\.[A-Z0-9]{0,2}\.[A-Z]{2}[A-Z0-9]\.D\."
    r"(?P<event>[A-Z0-9_.-]+)\.(?P<kind>ACC|VEL|DIS|SA|SD|SV|PSV)(?:\.[A-Z]{2})?\.ASC",
    re.ASCII | re.IGNORECASE,
)
"""ESM's `IT.AMT..HGE.D.EMSC-20160824_0000006.ACC.MP.ASC`, ITACA's `IT.AMT..HGE.D.20160824.013632.C.ACC.ASC`:
network, station, location, channel, `D`, event, and what the values are."""

_PROCESSING = re.compile(
    r"_(?P<level>ap|mp)_(?:(?P<infix>.+)_)?(?P<kind>RawAcc|Acc)(?:_(?P<component>[ENUZ]))?$",
    re.ASCII | re.IGNORECASE,
)
_RAW = re.compile(r"(?:(?P<level>ap|mp)[^A-Za-z0-9]*)?Raw[^A-Za-z0-9]*Acc", re.ASCII | re.IGNORECASE)
_COPY = re.compile(r"(?:[ _-]*(?:\(\d{1,4}\)|(?:copy|kopyas\u0131|kopya)(?: \d{1,4})?))+$", re.IGNORECASE)
"""What browsers and file managers add to the name of a second copy: ` (1)`, ` - Copy`, ` - Kopya (2)`."""


class Name(NamedTuple):
    """What a file's name tells; empty where it does not.

    `version` is what distinguishes versions of one record: `mp_Acc`, `ap_RawAcc`, or with a re-filterer's
    mark `ap_AAD_Acc`. `prefix` is what precedes the stamp (`Ex`).
    """

    form: str
    prefix: str
    stamp: str
    station: str
    version: str
    component: str


def station_code(text: str) -> str:
    """Returns a station code as AFAD writes it: numbers have four digits (208 is 0208)."""
    text = text.strip()
    return text.zfill(4) if text.isascii() and text.isdigit() else text


def form_of(file_name: str) -> str:
    """Returns the form that the suffix of `file_name` stands for, empty if no reader is meant for it."""
    dot = file_name.rfind(".")
    return FORMS_BY_SUFFIX.get(file_name[dot:].lower(), "") if dot >= 0 else ""


def station_of(file_name: str) -> str:
    """Returns the station code in `file_name` (`<stamp>_<station>...`, or ESM's and ITACA's
    `<network>.<station>...`), empty where it holds none."""
    if len(file_name) > LONGEST_NAME:
        return ""
    match = _NETWORK_FIRST.fullmatch(file_name) or _STAMP_AND_STATION.match(file_name)
    return station_code(match["station"]) if match else ""


def other_than_acceleration(file_name: str) -> str:
    """Returns what the file holds if its name says that it is no acceleration, else nothing."""
    match = _NETWORK_FIRST.fullmatch(file_name) if len(file_name) <= LONGEST_NAME else None
    return NO_ACCELERATION.get(match["kind"].upper(), "") if match else ""


def parse(file_name: str) -> Name:
    """Returns what `file_name` (without its folder) tells.

    TADAS names are `<stamp>_<station>_{ap|mp}_{RawAcc|Acc}_{E|N|U}.asc`; prefixes (`Ex`), infixes (`AAD`), a
    space before the suffix, other cases and the marks of copies (` (1)`, ` - Kopya`) occur. A name that is
    otherwise out of order and says `RawAcc` anywhere is of that version. Component U is returned as Z. Of
    ESM's and ITACA's names only the station is taken: their headers tell the rest.
    """
    if len(file_name) <= LONGEST_NAME and (esm := _NETWORK_FIRST.fullmatch(file_name)):
        return Name(form_of(file_name), "", "", station_code(esm["station"]), "", "")
    stem = file_name[: file_name.rfind(".")].rstrip() if "." in file_name else file_name
    form = form_of(file_name)
    match = _STAMP_AND_STATION.match(stem) if len(stem) <= LONGEST_NAME else None
    if not match:
        return Name(form, "", "", "", "", "")
    rest = _COPY.sub("", match["rest"]).rstrip()
    processing = _PROCESSING.search(rest)
    version = component = ""
    if processing:
        kind = "RawAcc" if processing["kind"].lower() == "rawacc" else "Acc"
        version = "_".join(filter(None, (processing["level"].lower(), processing["infix"], kind)))
        component = (processing["component"] or "").upper().replace("U", "Z")
    elif raw := _RAW.search(rest):
        version = f"{raw['level'].lower()}_RawAcc" if raw["level"] else "RawAcc"
    return Name(form, match["prefix"], match["stamp"], station_code(match["station"]), version, component)
