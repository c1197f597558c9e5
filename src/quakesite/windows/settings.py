"""Settings of the `windows` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from quakesite.settings import Section

WindowName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Window(Section):
    """One kind of window."""

    anchor: Literal["pga", "p"]
    """What stands at the window's centre: the time of PGA (largest three-component acceleration vector),
    or the P pick."""

    length_s: Annotated[float, Field(gt=0)]
    """Length in seconds."""

    fill: Literal["reject", "zero", "taper"] = "zero"
    """What is done where a window leaves its record: reject it; fill with zeros; fill with zeros after a
    5 % cosine taper of the record's cut edge."""


class WindowsSettings(Section):
    """The windows cut from each record."""

    rate_hz: Annotated[float, Field(gt=0)] = 100.0
    """Sampling rate of the windows in Hz; records at another rate are resampled with an anti-alias filter."""

    kinds: dict[WindowName, Window] = {
        "pga60": Window(anchor="pga", length_s=60.0),
        "p15": Window(anchor="p", length_s=15.0),
    }
    """The kinds of window by name. The twelve experiments of the paper need `pga60` and `p15`."""
