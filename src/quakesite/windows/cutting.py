"""Cutting one window: where it stands, what fills it beyond the record, and the P/S channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quakesite.records.record import Record
from quakesite.rejects import Reason
from quakesite.windows.processing import Samples, UnsupportedRate, processed, resampled, tapered
from quakesite.windows.schema import CHANNELS
from quakesite.windows.settings import Window

EDGE_TAPER = 0.05


class Refused(ValueError):
    """No window can be cut; carries the reason of the rejects table."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class RecordPicks:
    """The picks of one record by one method, in seconds from its first sample; None where there is none.

    `flags` says what makes them hard to believe, see `quakesite.picks.flags`.
    """

    p_s: float | None = None
    s_s: float | None = None
    snr_db: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """One window: float32 tensor (4, n_samples) of E, N, Z in cm/s^2 and P/S, and where it was cut."""

    tensor: npt.NDArray[np.float32]
    start_s: float
    p_sample: float | None
    s_sample: float | None
    filled_samples: int


def nearest(sample: float) -> int:
    """Returns the sample nearest to a time in samples, the later one of two equally near."""
    return int(np.floor(sample + 0.5))


def pga_time_s(samples: Samples, rate_hz: float) -> float:
    """Returns the time of the largest three-component vector, in seconds from the first sample.

    Args:
        samples: acceleration, shape (3, n).
        rate_hz: their sampling rate.
    """
    return int(np.argmax(np.einsum("ct,ct->t", samples, samples))) / rate_hz


def ps_channel(n_samples: int, p_sample: float | None, s_sample: float | None) -> npt.NDArray[np.float32]:
    """Returns the fourth channel: 1 from the P sample to the S sample, both included, else 0.

    Mousavi and Beroza (2020), IEEE TGRS 58(11). Without a P or an S pick, or with an S before P, there is
    no stretch to mark: all zero. A P before the window marks from its first sample, an S after it to its
    last.

    Args:
        n_samples: length.
        p_sample: time of P in samples from the window's first; rounded to the nearest sample.
        s_sample: time of S, likewise.
    """
    channel = np.zeros(n_samples, np.float32)
    if p_sample is not None and s_sample is not None:
        channel[max(nearest(p_sample), 0) : max(nearest(s_sample) + 1, 0)] = 1
    return channel


def cut(record: Record, picks: RecordPicks, kind: Window, rate_hz: float) -> Cut:
    """Returns the window of one record.

    The record is processed whole, at its own rate; the time of PGA is read off there; then it is resampled.
    A record at `rate_hz` that needs no processing is passed on bit by bit.

    Raises:
        Refused: the pick that places the window is missing, the window leaves the record (where that is to
            be rejected, or wholly), or the record's rate is not supported.
    """
    try:
        samples = processed(record.acceleration, record.sampling_rate_hz, kind)
        pick_s = anchor_pick_s(picks, kind)
        anchor_s = pga_time_s(samples, record.sampling_rate_hz) if pick_s is None else pick_s
        samples = resampled(samples, record.sampling_rate_hz, rate_hz)
    except UnsupportedRate as error:
        raise Refused(Reason.UNSUPPORTED, str(error)) from None
    n_samples = round(kind.length_s * rate_hz)
    start = nearest(anchor_s * rate_hz) - round(kind.anchor_at * n_samples)
    tensor = np.zeros((len(CHANNELS), n_samples), np.float32)
    tensor[:-1], filled = _filled(samples, start, n_samples, kind.fill)
    p_sample, s_sample = (None if t is None else t * rate_hz - start for t in (picks.p_s, picks.s_s))
    tensor[-1] = ps_channel(n_samples, p_sample, s_sample)
    return Cut(tensor, start / rate_hz, p_sample, s_sample, filled)


def anchor_pick_s(picks: RecordPicks, kind: Window) -> float | None:
    """Returns the pick that places the window, in seconds from the first sample; None where PGA does.

    Raises:
        Refused: there is no such pick.
    """
    if kind.anchor == "pga":
        return None
    pick = picks.p_s if kind.anchor == "p" else picks.s_s
    if pick is None:
        reason = Reason.NO_P_PICK if kind.anchor == "p" else Reason.NO_S_PICK
        raise Refused(reason, f"{kind.anchor.upper()} was not picked, and the window is placed by it")
    return pick


def _filled(samples: Samples, start: int, n_samples: int, fill: str) -> tuple[Samples, int]:
    """Returns the samples from `start` on, zero beyond the record, and how many lie beyond it."""
    first, last = max(start, 0), min(start + n_samples, samples.shape[1])
    beyond = n_samples - max(last - first, 0)
    if beyond == n_samples or (beyond and fill == "reject"):
        raise Refused(
            Reason.WINDOW_LEAVES_RECORD,
            f"{beyond} of the window's {n_samples} samples lie outside the record's {samples.shape[1]}",
        )
    inside = samples[:, first:last]
    if fill == "taper":
        ramp = int(inside.shape[1] * EDGE_TAPER)
        if start < 0:
            inside = tapered(inside, ramp)
        if start + n_samples > samples.shape[1]:
            inside = tapered(inside, ramp, end=True)
    return np.pad(inside, ((0, 0), (first - start, start + n_samples - last))), beyond
