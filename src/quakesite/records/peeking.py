"""What the first bytes of a file tell, where its name does not."""

from __future__ import annotations

import re

from quakesite.records.naming import station_code
from quakesite.records.opening import LARGEST_MEMBER
from quakesite.records.seedfile import SeedError, parts

_ASC_STATION = re.compile(rb"^STATION_CODE:[ \t]*([A-Za-z0-9]+)", re.MULTILINE)
_NSMN_STATION = re.compile(rb"^STATION ID[ \t]*:[ \t]*([A-Za-z0-9]+)", re.MULTILINE)
_XML_STATION = re.compile(rb"<(?:\w+:)?[Ss]tation\s(?:[^<>]*\s)?code=[\"']([A-Za-z0-9]+)[\"']")
_XML_DIALECTS = (
    (b"FDSNStationXML", "STATIONXML"),
    (b"http://geofon.gfz-potsdam.de/ns/Inventory/", "INVENTORYXML"),
    (b"http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/", "SC3ML"),
)
NSMN_TITLE = b"STRONG GROUND MOTION RECORDS OF"
"""With what a file of the old form begins."""

_SEED_START = re.compile(rb"\d{6}[DRQMV][ \0]")


def head_size(form: str) -> int:
    """Returns how many bytes `stations_in` wants of a file of `form`: of SEED and StationXML all, for their
    stations stand anywhere in them."""
    return LARGEST_MEMBER if form in ("stationxml", "mseed") else 4096


def xml_dialect(head: bytes) -> str:
    """Returns ObsPy's name for the kind of station XML that `head` opens, empty for any other XML.

    TADAS writes Arclink's inventory beside its seeds and calls it StationXML, as everyone does.
    """
    for mark, name in _XML_DIALECTS:
        if mark in head[:4096]:
            return name
    return ""


def stations_in(head: bytes, form: str) -> tuple[str, list[str]]:
    """Returns the form and the stations that the first bytes of a file tell; no stations: not a record.

    A SEED file's are its parts (`seedfile.parts`), in the order of their stations. `form` is what its suffix
    says; a header of the DYNA family (TADAS, ESM, ITACA) is recognised under any text suffix.
    """
    if form in ("asc", "nsmn"):
        if NSMN_TITLE in head[:200]:
            return "nsmn", _codes(_NSMN_STATION.findall(head)[:1])
        return "asc", _codes(_ASC_STATION.findall(head)[:1])
    if form == "mseed" and _SEED_START.match(head):
        try:
            return form, list(parts(head))
        except SeedError:
            return form, [] if head[6:7] == b"V" else _codes([head[8:13].strip()])
    if form == "stationxml" and xml_dialect(head):
        return form, _codes(_XML_STATION.findall(head))
    return form, []


def _codes(found: list[bytes]) -> list[str]:
    return sorted({station_code(code.decode("ascii")) for code in found if code.isalnum() and code.isascii()})
