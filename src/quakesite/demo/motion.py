"""The three components of one record at the surface, in cm/s^2, with the instants of P and S."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quakesite.demo.draws import stream
from quakesite.demo.noise import noise
from quakesite.demo.path import crustal_gain, duration_s, path_effect, travel_time_s
from quakesite.demo.plan import RecordPlan, Station
from quakesite.demo.site import p_transfer, s_transfer
from quakesite.demo.source import P, Phase, S, acceleration_spectrum, corner_frequency_hz
from quakesite.demo.wavetrain import (
    Array,
    Spectrum,
    minimum_phase,
    scattered_arrivals,
    synthesise,
    with_direct,
)

SPAN_S = 163.84
"""Length of the transforms: the longest record and its coda fit in without wrapping around."""
P_ON_RADIAL = 0.3
"""P that the bottom of the soil turns into SV, against P on the vertical."""
P_ON_TRANSVERSE = 0.1
S_ON_VERTICAL = 0.5
"""S on the vertical against a horizontal, at the rock."""
P_KAPPA_RATIO = 0.9
DIRECT_P = 0.3
DIRECT_S = 0.15
ONSET = 0.6
COMMON = 0.95
"""Share of the scattered arrivals that all components have in common, as an amplitude: at most sites' f0 the
scatterers are small against the wavelength."""


@dataclass(frozen=True)
class SiteResponse:
    """A station's transfer functions on the frequencies of its sampling rate."""

    frequency_hz: npt.NDArray[np.float64]
    s: Spectrum
    p: Spectrum
    velocity_m_s: npt.NDArray[np.float64]
    """Mean shear-wave velocity down to a quarter of a wavelength (Boore 2003)."""


@dataclass(frozen=True)
class Motion:
    """A record before any instrument or processing.

    Attributes:
        acceleration: (3, n_samples) in cm/s^2, order E, N, Z.
        p_s: onset of P, from the first sample.
        s_s: onset of S, likewise.
    """

    acceleration: npt.NDArray[np.float64]
    p_s: float
    s_s: float


def site_response(station: Station) -> SiteResponse:
    """Returns what the site of `station` does to S and P."""
    n_fft = 2 ** math.ceil(math.log2(SPAN_S * station.rate_hz - 1e-6))
    frequency = np.fft.rfftfreq(n_fft, 1.0 / station.rate_hz).astype(np.float64)
    return SiteResponse(
        frequency,
        s_transfer(station.profile, frequency),
        p_transfer(station.profile, frequency),
        station.profile.velocity_within_m_s(0.25 / np.maximum(frequency, frequency[1])),
    )


def p_tilt(site: SiteResponse, ray_parameter_s_km: float) -> Spectrum:
    """Returns radial over vertical of a P wave at the free surface, tan(2 asin(p v)), made causal.

    v is that of the ground down to a quarter of a wavelength of S (Ni et al. 2014; Park and Ishii 2018,
    Geophys. J. Int. 213, on its dependence on frequency).
    """
    return minimum_phase(np.tan(2.0 * np.arcsin(ray_parameter_s_km * site.velocity_m_s / 1000.0)))


def simulate(seed: int, plan: RecordPlan, site: SiteResponse) -> Motion:
    """Returns the motion of one record."""
    station, event = plan.station, plan.event
    rng = stream(seed, "motion", station.index, plan.event_index)
    n_samples = round(plan.length_s * station.rate_hz)
    p_s = plan.before_p_s
    p_rock_s = p_s - station.profile.p_delay_s
    s_rock_s = p_rock_s + travel_time_s(S, plan.hypocentral_km) - travel_time_s(P, plan.hypocentral_km)
    s_s = s_rock_s + station.profile.s_delay_s
    corner = corner_frequency_hz(event.magnitude, event.stress_drop_bar)
    duration = duration_s(corner, plan.hypocentral_km)
    p_rock = _rock_spectrum(P, plan, site, P_KAPPA_RATIO * station.kappa_s, station.profile.vp_m_s[-1])
    s_rock = _rock_spectrum(S, plan, site, station.kappa_s, station.profile.vs_m_s[-1])
    n_fft = 2 * (site.frequency_hz.size - 1)

    def arrivals() -> Array:
        return scattered_arrivals(n_samples, station.rate_hz, duration, ONSET, rng)

    def wave(
        rock: Spectrum, share: float, common: Array, direct: float, transfer: Spectrum, start_s: float
    ) -> Array:
        scattered = COMMON * share * common + math.sqrt(1.0 - COMMON**2) * arrivals()
        spectrum = rock * transfer * np.fft.rfft(with_direct(scattered, direct), n_fft)
        return synthesise(spectrum, station.rate_hz, start_s, n_samples)

    p_wave, s_wave = arrivals(), arrivals()
    first_motion = DIRECT_P * float(rng.choice((-1.0, 1.0)))
    polarisation = rng.uniform(0.15, 0.85) * np.pi / 2.0
    on_radial, on_transverse = (
        math.sqrt(2.0) * math.cos(polarisation),
        math.sqrt(2.0) * math.sin(polarisation),
    )

    vertical = wave(p_rock, 1.0, p_wave, first_motion, site.p, p_rock_s)
    tilt = p_tilt(site, plan.epicentral_km / plan.hypocentral_km / P.velocity_km_s)
    radial = wave(p_rock * tilt, 1.0, p_wave, first_motion, site.p, p_rock_s)
    radial += wave(P_ON_RADIAL * p_rock, 1.0, p_wave, first_motion, site.s, p_rock_s)
    transverse = wave(P_ON_TRANSVERSE * p_rock, 1.0, p_wave, 0.0, site.s, p_rock_s)
    radial += wave(s_rock, on_radial, s_wave, DIRECT_S * on_radial, site.s, s_rock_s)
    transverse += wave(s_rock, on_transverse, s_wave, DIRECT_S * on_transverse, site.s, s_rock_s)
    vertical += wave(S_ON_VERTICAL * s_rock, 1.0, s_wave, 0.0, site.p, s_s - station.profile.p_delay_s)

    azimuth = math.radians(plan.back_azimuth_deg + 180.0)  # away from the source
    east = radial * math.sin(azimuth) + transverse * math.cos(azimuth)
    north = radial * math.cos(azimuth) - transverse * math.sin(azimuth)
    acceleration = np.stack([east, north, vertical])
    for row, transfer in zip(acceleration, (site.s, site.s, site.p), strict=True):
        row += noise(transfer, station.rate_hz, station.noise_cm_s2, n_samples, rng)
    return Motion(acceleration, p_s, s_s)


def _rock_spectrum(
    phase: Phase, plan: RecordPlan, site: SiteResponse, kappa_s: float, rock_velocity_m_s: float
) -> Spectrum:
    """Returns the spectrum of `phase` on outcropping rock, minimum phase, in cm/s."""
    event, rock_density = plan.event, plan.station.profile.density_kg_m3[-1]
    return minimum_phase(
        acceleration_spectrum(phase, site.frequency_hz, event.magnitude, event.stress_drop_bar)
        * path_effect(phase, site.frequency_hz, plan.hypocentral_km, kappa_s)
        * crustal_gain(phase, rock_velocity_m_s, rock_density)
    )
