"""Each step of the processing against an independent implementation of it."""

from __future__ import annotations

import numpy as np
import obspy
import pytest
import scipy.signal

from quakesite.windows.processing import (
    UnsupportedRate,
    detrended,
    filtered,
    processed,
    resampled,
    tapered,
)
from quakesite.windows.settings import Window


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(3).standard_normal((3, 4000)) * 20


def trace(samples: np.ndarray, rate_hz: float = 100.0) -> obspy.Trace:
    return obspy.Trace(samples.copy(), {"sampling_rate": rate_hz})


def test_resampling_equals_zero_stuffing_and_plain_convolution(noise: np.ndarray) -> None:
    noise -= np.linspace(noise[:, 0], noise[:, -1], noise.shape[1], axis=1)  # both ends at zero: no line
    for rate_hz, up, down in ((200.0, 1, 2), (50.0, 2, 1), (125.0, 4, 5)):
        taps = up * scipy.signal.firwin(20 * max(up, down) + 1, 1 / max(up, down), window=("kaiser", 5.0))
        stuffed = np.zeros((3, noise.shape[1] * up))
        stuffed[:, ::up] = noise
        expected = np.array([np.convolve(row, taps, mode="same")[::down] for row in stuffed])
        np.testing.assert_allclose(resampled(noise, rate_hz, 100.0), expected, atol=1e-9)


def test_resampled_band_limited_record_equals_its_fourier_interpolation() -> None:
    t = np.arange(8000) / 200.0
    envelope = np.exp(-(((t - 20) / 5) ** 2))
    record = np.array([envelope * np.sin(2 * np.pi * f * t + f) for f in (0.7, 6.3, 21.0)])
    expected = scipy.signal.resample(record, 4000, axis=1)
    np.testing.assert_allclose(resampled(record, 200.0, 100.0), expected, atol=3e-3)


def test_resampling_keeps_what_fits_and_takes_out_what_would_alias() -> None:
    t = np.arange(12000) / 200.0
    tones = np.array([np.sin(2 * np.pi * f * t) for f in (10.0, 70.0, 95.0)])
    kept, *aliased = resampled(tones, 200.0, 100.0)[:, 500:-500]
    np.testing.assert_allclose(kept, tones[0, 1000:-1000:2], atol=0.002)
    assert max(np.abs(tone).max() for tone in aliased) < 10 ** (-50 / 20)


def test_offset_survives_resampling_without_a_transient_at_the_ends() -> None:
    level = np.full((3, 2000), 981.0)
    np.testing.assert_allclose(resampled(level, 200.0, 100.0), 981.0, rtol=1e-12)


def test_record_at_the_wanted_rate_is_passed_on_untouched(noise: np.ndarray) -> None:
    assert resampled(noise, 100.0, 100.0) is noise
    assert resampled(noise, 100.0 * (1 + 1e-9), 100.0) is noise


def test_rate_that_is_a_fraction_but_for_its_rounding_is_taken_for_it(noise: np.ndarray) -> None:
    assert resampled(noise, 100.0001, 100.0) is noise
    np.testing.assert_array_equal(resampled(noise, 33.3333, 100.0), resampled(noise, 100 / 3, 100.0))
    np.testing.assert_array_equal(resampled(noise, 199.9999, 100.0), resampled(noise, 200.0, 100.0))
    far = resampled(noise, 100.02, 100.0)  # 0.8 samples over this record: no longer the same rate
    assert far is not noise
    np.testing.assert_array_equal(far, scipy.signal.resample_poly(noise, 5000, 5001, axis=1, padtype="line"))


def test_rate_that_is_no_fraction_is_refused(noise: np.ndarray) -> None:
    with pytest.raises(UnsupportedRate, match="resampled to 100 Hz"):
        resampled(noise, 100.0 * np.pi * 1e6, 100.0)


@pytest.mark.parametrize(("linear", "name"), [(False, "demean"), (True, "linear")])
def test_detrending_equals_obspy(noise: np.ndarray, linear: bool, name: str) -> None:
    drifting = noise + np.linspace(5, 90, noise.shape[1])
    expected = [trace(row).detrend(name).data for row in drifting]
    np.testing.assert_allclose(detrended(drifting, linear=linear), expected, atol=1e-9)


@pytest.mark.parametrize("end", [False, True])
def test_taper_equals_obspy(noise: np.ndarray, end: bool) -> None:
    side = "right" if end else "left"
    expected = [trace(row).taper(0.05, type="hann", side=side).data for row in noise]
    got = tapered(noise, int(noise.shape[1] * 0.05), end=end)
    np.testing.assert_allclose(got, expected, atol=1e-12)
    assert (got[:, -1 if end else 0] == 0).all()


@pytest.mark.parametrize(
    ("band", "name", "options"),
    [
        ((0.5, 20.0), "bandpass", {"freqmin": 0.5, "freqmax": 20.0}),
        ((None, 20.0), "lowpass", {"freq": 20.0}),
        ((0.5, None), "highpass", {"freq": 0.5}),
        ((0.5, 80.0), "highpass", {"freq": 0.5}),
    ],
)
def test_filter_equals_obspy(
    noise: np.ndarray, band: tuple[float | None, float | None], name: str, options: dict[str, float]
) -> None:
    pad = int(np.ceil(1.5 * 4 / min(options.values()) * 100))
    padded = np.pad(noise, ((0, 0), (pad, pad)))
    expected = [trace(row).filter(name, corners=4, zerophase=True, **options).data for row in padded]
    np.testing.assert_allclose(filtered(noise, 100.0, band, 4), np.array(expected)[:, pad:-pad], atol=1e-8)


@pytest.mark.parametrize(("corner_hz", "order"), [(0.05, 4), (0.1, 4), (0.5, 2), (0.1, 8)])
def test_both_ends_of_a_filtered_record_are_those_of_an_endless_one(
    noise: np.ndarray, corner_hz: float, order: int
) -> None:
    record = tapered(tapered(noise, 200), 200, end=True)
    sections = scipy.signal.butter(order, corner_hz, "highpass", fs=100.0, output="sos")
    many = 20_000 * order
    expected = scipy.signal.sosfiltfilt(sections, np.pad(record, ((0, 0), (many, many))), padtype=None)
    got = filtered(record, 100.0, (corner_hz, None), order)
    np.testing.assert_allclose(got, expected[:, many:-many], atol=1e-3 * np.abs(expected).max())


def test_filter_above_the_nyquist_frequency_is_refused(noise: np.ndarray) -> None:
    with pytest.raises(UnsupportedRate, match="nothing above"):
        filtered(noise, 100.0, (60.0, None), 4)


def test_steps_run_in_the_order_detrend_taper_filter(noise: np.ndarray) -> None:
    kind = Window(anchor="pga", length_s=10, detrend="linear", taper_pct=5, band_hz=(0.5, 25.0))
    pad = 1200
    ready = [trace(row + 500).detrend("linear").taper(0.05, type="hann").data for row in noise]
    expected = [
        trace(np.pad(row, pad)).filter("bandpass", freqmin=0.5, freqmax=25.0, corners=4, zerophase=True).data
        for row in ready
    ]
    np.testing.assert_allclose(
        processed(noise + 500, 100.0, kind), np.array(expected)[:, pad:-pad], atol=1e-8
    )


def test_nothing_is_done_by_default(noise: np.ndarray) -> None:
    assert processed(noise, 100.0, Window(anchor="pga", length_s=10)) is noise
