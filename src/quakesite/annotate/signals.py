"""What is drawn of a record: its samples, band-passed or not, and a spectrogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError

ORDER = 4
SPECTROGRAM_WINDOW_S = 0.5
SPECTROGRAM_COLUMNS = 1200
DYNAMIC_RANGE_DB = 60.0


@dataclass(frozen=True, slots=True)
class Band:
    """A pass band in Hz."""

    low_hz: float
    high_hz: float

    def check(self, rate_hz: float) -> None:
        """Raises InputError where a record of `rate_hz` samples per second cannot be filtered so."""
        if not 0 < self.low_hz < self.high_hz < rate_hz / 2:
            raise InputError(
                "band-pass",
                f"{self.low_hz:g} to {self.high_hz:g} Hz",
                expected=f"0 < low < high < {rate_hz / 2:g} Hz, half the record's rate",
            )


def shown(
    acceleration: npt.NDArray[np.float32], rate_hz: float, band: Band | None = None
) -> npt.NDArray[np.float32]:
    """Returns the samples as they are drawn: without their mean, and band-passed where there is a `band`.

    The filter is a Butterworth of fourth order run forwards only: nothing of the arrival is moved ahead of
    it, as a zero-phase filter would. It starts in the steady state of the first sample.

    Args:
        acceleration: shape (3, n_samples).
        rate_hz: samples per second.
        band: the pass band.

    Raises:
        InputError: the band does not fit the rate.
    """
    centred = acceleration.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    if band is not None:
        from scipy.signal import butter, sosfilt, sosfilt_zi

        band.check(rate_hz)
        sections = butter(ORDER, (band.low_hz, band.high_hz), btype="bandpass", fs=rate_hz, output="sos")
        start = sosfilt_zi(sections)[:, None, :] * centred[:, :1][None]
        centred, _ = sosfilt(sections, centred, axis=1, zi=start)
    return np.asarray(centred, dtype="<f4")


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """Power over time and frequency, as grey values.

    `values` is uint8 of shape (n_frequencies, n_times), lowest frequency first: 255 is the largest power, 0
    is `DYNAMIC_RANGE_DB` below it or less. The columns are centred on times
    from `start_s` on, `step_s` apart.
    """

    values: npt.NDArray[np.uint8]
    start_s: float
    step_s: float
    top_hz: float


def spectrogram(component: npt.NDArray[np.floating], rate_hz: float) -> Spectrogram:
    """Returns the spectrogram of one component: 0.5 s Hann windows, about `SPECTROGRAM_COLUMNS` of them.

    Args:
        component: shape (n_samples,); a record shorter than the window is padded with zeros.
        rate_hz: samples per second.
    """
    from scipy.signal import spectrogram as power_of

    length = max(round(SPECTROGRAM_WINDOW_S * rate_hz), 8)
    padded = np.pad(component.astype(np.float64), (0, max(length - len(component), 0)))
    step = max(round((len(padded) - length) / SPECTROGRAM_COLUMNS), 1)
    _, times, power = power_of(padded, fs=rate_hz, window="hann", nperseg=length, noverlap=length - step)
    with np.errstate(divide="ignore"):
        decibels = 10 * np.log10(power)
    top = float(decibels.max())
    if not np.isfinite(top):
        return Spectrogram(np.zeros(power.shape, np.uint8), float(times[0]), step / rate_hz, rate_hz / 2)
    grey = np.clip((decibels - top) / DYNAMIC_RANGE_DB + 1, 0, 1) * 255
    return Spectrogram(grey.astype(np.uint8), float(times[0]), step / rate_hz, rate_hz / 2)
