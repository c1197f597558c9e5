"""What an instrument is: StationXML and its relatives, or the control records of full SEED, read by ObsPy."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Any

from quakesite.records.peeking import xml_dialect
from quakesite.records.refusal import Refusal
from quakesite.rejects import Reason

if TYPE_CHECKING:
    from obspy import Inventory

DAMAGED = (
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    OverflowError,
    ArithmeticError,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
)
"""What ObsPy raises on a damaged description, beside its own `ObsPyException` and those of `_is_of_xseed`."""


def from_xml(content: bytes, source: str) -> Inventory:
    """Returns the stations that StationXML, Arclink's inventory or SeisComP's describes.

    Raises:
        Refusal: `bad_header`.
    """
    dialect = xml_dialect(content)
    if not dialect:
        raise Refusal(source, Reason.BAD_HEADER, "neither StationXML nor an inventory of Arclink or SeisComP")
    return _read(content, dialect, source, "StationXML")


def from_control_records(content: bytes, source: str) -> Inventory:
    """Returns the stations that full SEED's volume, abbreviation and station records describe.

    Raises:
        Refusal: `bad_header`.
    """
    return _read(content, "SEED", source, "its control records")


def _read(content: bytes, form: str, source: str, what: str) -> Inventory:
    from obspy import read_inventory
    from obspy.core.util.obspy_types import ObsPyException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read_inventory(io.BytesIO(content), format=form)
    except (ObsPyException, *DAMAGED) as error:
        raise Refusal(source, Reason.BAD_HEADER, f"{what}: {error}") from None
    except Exception as error:
        if not _is_of_xseed(error):
            raise
        raise Refusal(source, Reason.BAD_HEADER, f"{what}: {error}") from None


def _is_of_xseed(error: Exception) -> bool:
    """Whether an error is of ObsPy's SEED parser, which raises plain `Exception` and classes of its own."""
    return type(error) is Exception or type(error).__module__.startswith("obspy.io.xseed")


def channel_of(inventory: Inventory, stats: Any) -> Any | None:
    """Returns the channel that recorded a trace at its time, None where there is none with a response."""
    found = inventory.select(
        stats.network, stats.station, stats.location, stats.channel, time=stats.starttime
    )
    channels = [channel for network in found for station in network for channel in station]
    return channels[0] if channels and channels[0].response is not None else None


def station_of(inventory: Inventory, stats: Any) -> Any | None:
    """Returns the station that recorded a trace, None where it is not described."""
    found = inventory.select(network=stats.network or None, station=stats.station)
    return found[0][0] if len(found) and len(found[0]) else None
