"""From ground motion to the samples a form of TADAS export carries: Acc is filtered, RawAcc is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COUNT_CM_S2 = 0.000238
"""One count of a 24-bit digitiser over +-2 g, as seen in TADAS's RawAcc."""
TAPER_S = 2.0


@dataclass(frozen=True, slots=True)
class Filter:
    """A Butterworth band pass, run forwards and backwards (Paolucci et al. 2011)."""

    order: int
    low_hz: float
    high_hz: float


FILTER_OF_FORM = {"mp_Acc": Filter(2, 0.05, 40.0), "ap_Acc": Filter(1, 0.04, 40.0)}
"""Manual and automatic processing; the RawAcc forms have none."""


def processed(acceleration: npt.NDArray[np.float64], rate_hz: float, form: str) -> npt.NDArray[np.float64]:
    """Returns the samples of an export of `form`, rounded as the file prints them.

    Args:
        acceleration: ground motion, (3, n_samples) in cm/s^2.
        form: e.g. `mp_Acc` or `ap_RawAcc`.
    """
    chosen = FILTER_OF_FORM.get(form)
    if chosen is None:
        return np.round(np.round(acceleration / COUNT_CM_S2) * COUNT_CM_S2, 6)
    from scipy.signal import butter, sosfiltfilt

    quiet = acceleration[:, : round(5.0 * rate_hz)].mean(axis=1, keepdims=True)
    taper = _taper(acceleration.shape[1], round(TAPER_S * rate_hz))
    sections = butter(chosen.order, (chosen.low_hz, chosen.high_hz), "bandpass", fs=rate_hz, output="sos")
    filtered = sosfiltfilt(sections, (acceleration - quiet) * taper, axis=1) * taper
    return np.round(filtered, 6)


def _taper(n_samples: int, n_edge: int) -> npt.NDArray[np.float64]:
    taper = np.ones(n_samples)
    edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(n_edge) / n_edge)
    taper[:n_edge] = edge
    taper[n_samples - n_edge :] = edge[::-1]
    return taper
