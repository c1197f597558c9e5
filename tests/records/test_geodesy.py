"""Distances and azimuths, against ObsPy's (GeographicLib, or Vincenty's formula)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.records.geodesy import distance_and_azimuth


def degrees(low: int, high: int) -> st.SearchStrategy[float]:
    """Coordinates to a thousandth of a degree, as headers give them."""
    return st.integers(low * 1000, high * 1000).map(lambda thousandths: thousandths / 1000)


@settings(deadline=None, max_examples=60)
@given(degrees(-89, 89), degrees(-179, 179), degrees(-5, 5), degrees(-5, 5))
def test_distance_and_azimuth_are_those_of_obspy(lat: float, lon: float, north: float, east: float) -> None:
    from obspy.geodetics import gps2dist_azimuth

    other_lat, other_lon = max(-89.0, min(89.0, lat + north)), lon + east
    metres, azimuth, _ = gps2dist_azimuth(lat, lon, other_lat, other_lon)
    distance_km, ours = distance_and_azimuth(lat, lon, other_lat, other_lon)
    assert distance_km == pytest.approx(metres / 1000, abs=1e-4)  # ObsPy is 2 cm off along the equator
    if distance_km > 1e-3:
        assert abs((ours - azimuth + 180) % 360 - 180) < 1e-4 * 180 / distance_km + 1e-6


def test_a_point_is_at_no_distance_from_itself() -> None:
    assert distance_and_azimuth(37.0, 27.0, 37.0, 27.0) == (0.0, 0.0)


def test_opposite_points_have_half_the_circumference_between_them() -> None:
    distance_km, _ = distance_and_azimuth(0.3, 0.0, -0.2, 179.9)
    assert distance_km == pytest.approx(20_000, rel=5e-3)
