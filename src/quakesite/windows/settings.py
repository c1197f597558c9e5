"""Settings of the `windows` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.settings import Section

WindowName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Frequency = Annotated[float, Field(gt=0)]


class Window(Section):
    """One kind of window."""

    anchor: Literal["pga", "p", "s"]
    """What the window is placed by: the time of PGA (largest three-component acceleration vector), the P
    pick or the S pick."""

    length_s: Annotated[float, Field(gt=0)]
    """Length in seconds."""

    rate_hz: Annotated[float, Field(gt=0)] | None = None
    """Sampling rate of these windows in Hz. null: `windows.rate_hz`."""

    anchor_at: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Where in the window the anchor stands, as a share of its length."""

    fill: Literal["reject", "zero", "taper"] = "zero"
    """What is done where a window leaves its record: reject it; fill with zeros; fill with zeros after a
    5 % cosine taper of the record's cut edge."""

    detrend: Literal["none", "mean", "linear"] = "none"
    """What is taken from each component of the whole record: nothing, its mean, or its least-squares line."""

    taper_pct: Annotated[float, Field(ge=0, le=50)] = 0.0
    """Cosine taper of each end of the whole record, in per cent of its length, before it is filtered."""

    band_hz: tuple[Frequency | None, Frequency | None] | None = None
    """Corners of a Butterworth filter without phase shift, e.g. [0.1, 25]; null for one of them: a low-pass
    or a high-pass. null: no filter."""

    filter_order: Annotated[int, Field(ge=1, le=10)] = 4
    """Order of that filter, which is run forwards and backwards over the record padded with zeros, 1.5 times
    this over the lower corner frequency at each end."""

    @model_validator(mode="after")
    def _band_ascends(self) -> Window:
        if self.band_hz is not None:
            low, high = self.band_hz
            if low is None and high is None:
                raise ValueError("band_hz: [null, null] filters nothing; use null")
            if low is not None and high is not None and low >= high:
                raise ValueError(f"band_hz: [{low:g}, {high:g}] does not ascend")
        return self


class WindowsSettings(Section):
    """The windows cut from each record."""

    rate_hz: Annotated[float, Field(gt=0)] = 100.0
    """Sampling rate of the windows in Hz, unless their kind has its own; records at another rate are
    resampled with an anti-alias filter."""

    kinds: dict[WindowName, Window] = {
        "pga60": Window(anchor="pga", length_s=60.0),
        "p15": Window(anchor="p", length_s=15.0),
    }
    """The kinds of window by name. The twelve experiments of the paper need `pga60` and `p15`."""

    def rate_of(self, name: str) -> float:
        """Returns the sampling rate of one kind of window, in Hz."""
        return self.kinds[name].rate_hz or self.rate_hz

    @model_validator(mode="after")
    def _windows_have_whole_samples(self) -> WindowsSettings:
        for name, kind in self.kinds.items():
            rate_hz = self.rate_of(name)
            n_samples = kind.length_s * rate_hz
            if abs(n_samples - round(n_samples)) > 1e-6 * n_samples or round(n_samples) < 1:
                raise ValueError(f"kinds.{name}.length_s: {n_samples:g} samples at rate_hz {rate_hz:g}")
        return self
