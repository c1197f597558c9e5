"""What a layered site does to waves that rise through it: transfer functions of vertically incident S and P.

A Thomson-Haskell propagator for vertical incidence is a two-by-two product per layer, for S and P alike. The
kept library for this, pystrata 0.5.4, answers for S only and brings ten packages, numba and LLVM among
them, for what is twenty lines here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from quakesite.demo.profile import Profile

ROCK_QUALITY_PER_M_S = 10.0
"""Quality factor of S in a layer: Vs / 10 (Olsen et al. 2003, Vs in m/s); of P twice that."""

Spectrum = npt.NDArray[np.complex128]
Frequencies = npt.NDArray[np.float64]


def s_transfer(profile: Profile, frequency_hz: Frequencies) -> Spectrum:
    """Returns surface over outcropping rock for vertically incident S waves, complex, at `frequency_hz`."""
    quality = [v / ROCK_QUALITY_PER_M_S for v in profile.vs_m_s]
    return propagate(profile.thickness_m, profile.vs_m_s, profile.density_kg_m3, quality, frequency_hz)


def p_transfer(profile: Profile, frequency_hz: Frequencies) -> Spectrum:
    """Returns surface over outcropping rock for vertically incident P waves, complex, at `frequency_hz`."""
    quality = [2.0 * v / ROCK_QUALITY_PER_M_S for v in profile.vs_m_s]
    return propagate(profile.thickness_m, profile.vp_m_s, profile.density_kg_m3, quality, frequency_hz)


def propagate(
    thickness_m: Sequence[float],
    velocity_m_s: Sequence[float],
    density_kg_m3: Sequence[float],
    quality: Sequence[float],
    frequency_hz: Frequencies,
) -> Spectrum:
    """Returns the transfer function surface / outcropping half-space of a stack of layers.

    Displacement and stress are carried down from the free surface, where the stress is zero; in the
    half-space they are split into the rising and the falling wave. An outcrop moves with twice the rising
    wave (Kramer 1996, section 7.2.1, there in the equivalent form of a recursion). Damping enters as complex
    velocities v (1 + i / 2Q). The time dependence is exp(+i 2 pi f t), so that delays are exp(-i ...).

    Args:
        thickness_m: of the layers from the top.
        velocity_m_s: of the layers and, last, the half-space.
        density_kg_m3: likewise.
        quality: Q, likewise.
        frequency_hz: where to evaluate, 0 allowed.
    """
    omega = 2.0 * np.pi * frequency_hz
    complex_velocity = [v * (1.0 + 0.5j / q) for v, q in zip(velocity_m_s, quality, strict=True)]
    impedance = [rho * v for rho, v in zip(density_kg_m3, complex_velocity, strict=True)]
    displacement = np.ones_like(omega, dtype=np.complex128)
    stress = np.zeros_like(displacement)  # divided by omega
    for thickness, velocity, z in zip(thickness_m, complex_velocity[:-1], impedance[:-1], strict=True):
        phase = omega * thickness / velocity
        cosine, sine = np.cos(phase), np.sin(phase)
        displacement, stress = (
            cosine * displacement + sine / z * stress,
            -z * sine * displacement + cosine * stress,
        )
    rising = (displacement - 1j * stress / impedance[-1]) / 2.0
    transfer: Spectrum = 1.0 / (2.0 * rising)
    return transfer


def fundamental_frequency_hz(profile: Profile) -> float:
    """Returns f0: the lowest frequency at which the S transfer function peaks, to a tenth of a per cent."""
    guess = 1.0 / (4.0 * profile.s_delay_s)
    frequency = guess * np.geomspace(0.4, 1.6, 1400)
    response = np.abs(s_transfer(profile, frequency))
    peaks = np.flatnonzero((response[1:-1] > response[:-2]) & (response[1:-1] >= response[2:])) + 1
    if not peaks.size:
        raise ValueError(f"no peak of the transfer function near {guess:.2f} Hz: {profile}")
    return float(frequency[peaks[0]])
