from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakesite.demo.motion import simulate, site_response
from quakesite.demo.plan import RecordPlan, Station, plan_events, plan_records, plan_station
from quakesite.demo.truth import snr_db

SEED = 0


def plans_of(index: int, n_events: int) -> tuple[Station, list[RecordPlan]]:
    station = plan_station(SEED, index)
    events = plan_events(SEED, n_events)[station.region]
    return station, list(plan_records(SEED, station, events))


def mean_log_pga(plan: RecordPlan) -> float:
    site = site_response(plan.station)
    peaks = [np.abs(simulate(seed, plan, site).acceleration).max() for seed in range(5)]
    return float(np.mean(np.log(peaks)))


def test_pga_decreases_with_distance_and_grows_with_magnitude() -> None:
    plan = replace(plans_of(0, 1)[1][0], epicentral_km=20.0, before_p_s=15.0, length_s=80.0)
    by_distance = [mean_log_pga(replace(plan, epicentral_km=km)) for km in (10.0, 30.0, 60.0, 110.0)]
    by_magnitude = [
        mean_log_pga(replace(plan, event=replace(plan.event, magnitude=m))) for m in (4.0, 5.0, 6.0)
    ]
    assert by_distance == sorted(by_distance, reverse=True)
    assert by_magnitude == sorted(by_magnitude)


def test_a_magnitude_six_at_thirty_kilometres_shakes_like_one() -> None:
    # Ground motion models for active crust give about 60 to 250 cm/s^2 on soil.
    plan = plans_of(0, 1)[1][0]
    plan = replace(plan, epicentral_km=30.0, event=replace(plan.event, magnitude=6.0, stress_drop_bar=80.0))
    assert 40.0 < np.exp(mean_log_pga(plan)) < 400.0


def test_p_leads_on_the_vertical_and_s_on_the_horizontals() -> None:
    for index in range(0, 12, 3):
        station, plans = plans_of(index, 2)
        site = site_response(station)
        for plan in plans:
            motion = simulate(SEED, plan, site)
            rate = station.rate_hz
            p, s = int(motion.p_s * rate), int(motion.s_s * rate)
            early = slice(p, p + int(min(1.0, motion.s_s - motion.p_s) * rate))
            p_power = np.mean(motion.acceleration[:, early] ** 2, axis=1)
            s_power = np.mean(motion.acceleration[:, s : s + int(3 * rate)] ** 2, axis=1)
            assert p_power[2] > p_power[:2].max()
            assert s_power[:2].sum() > 2.0 * s_power[2]


def test_onsets_stand_out_of_what_comes_before_them() -> None:
    station, plans = plans_of(2, 3)
    site = site_response(station)
    for plan in plans:
        motion = simulate(SEED, plan, site)
        rate = station.rate_hz
        p, s = round(motion.p_s * rate), round(motion.s_s * rate)
        vertical, horizontal = np.abs(motion.acceleration[2]), np.abs(motion.acceleration[:2])
        assert vertical[p : p + round(0.2 * rate)].max() > 4.0 * vertical[: p - 2].std()
        before, after = horizontal[:, s - round(0.5 * rate) : s - 2], horizontal[:, s : s + round(0.5 * rate)]
        assert after.max() > 2.0 * before.max()


def test_a_record_is_the_same_however_often_it_is_made() -> None:
    station, plans = plans_of(1, 1)
    site = site_response(station)
    np.testing.assert_array_equal(
        simulate(SEED, plans[0], site).acceleration, simulate(SEED, plans[0], site).acceleration
    )


def smoothing(frequency: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Weights of Konno and Ohmachi (1998), bandwidth 20, one row for each frequency of `centre`."""
    x = 20.0 * np.log10(frequency[None, :] / centre[:, None])
    with np.errstate(invalid="ignore"):
        weight = np.where(x == 0.0, 1.0, (np.sin(x) / x) ** 4)
    weight[np.abs(x) > 3.0 * np.pi] = 0.0
    return weight / weight.sum(axis=1, keepdims=True)


def horizontal_to_vertical(
    acceleration: np.ndarray, rate: float, from_s: float, centre: np.ndarray
) -> np.ndarray:
    part = acceleration[:, int((from_s - 0.5) * rate) :]
    part = part - part.mean(axis=1, keepdims=True)
    frequency = np.fft.rfftfreq(part.shape[1], 1.0 / rate)
    chosen = (frequency > 0.2) & (frequency < 30.0)
    power = np.abs(np.fft.rfft(part)[:, chosen]) ** 2
    east, north, up = (smoothing(frequency[chosen], centre) @ power.T).T
    return np.sqrt((east + north) / 2.0 / up)


def test_the_h_over_v_peak_sits_at_the_injected_f0() -> None:
    """Within 20 % for nine records in ten and within 10 % for each station's mean; S and after, 25 dB up."""
    centre = np.geomspace(0.4, 20.0, 160)
    errors, station_errors = [], []
    for index in range(0, 30, 3):
        station, plans = plans_of(index, 6)
        site = site_response(station)
        curves = []
        for plan in plans:
            motion = simulate(SEED, plan, site)
            if snr_db(motion.acceleration, station.rate_hz, motion.p_s) >= 25.0:
                curve = horizontal_to_vertical(motion.acceleration, station.rate_hz, motion.s_s, centre)
                curves.append(np.log(curve))
                errors.append(abs(np.log(centre[curve.argmax()] / station.f0_hz)))
        if len(curves) > 1:
            peak = centre[np.mean(curves, axis=0).argmax()]
            station_errors.append(abs(np.log(peak / station.f0_hz)))
    assert len(errors) > 30
    assert np.mean(np.array(errors) < np.log(1.2)) >= 0.9
    assert len(station_errors) >= 8
    assert max(station_errors) < np.log(1.1)


def test_snr_of_a_known_signal() -> None:
    noise = np.tile([1.0, -1.0], (3, 500))
    signal = np.full((3, 4000), 10.0)
    record = np.concatenate([noise, signal], axis=1)
    assert snr_db(record, 100.0, 10.0) == pytest.approx(20.0)
