"""Time-averaged velocities: exact cases, invariances, and the published extrapolations."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.stations.profile import (
    BOORE_2004,
    BOORE_2011,
    Layer,
    ShallowProfileError,
    depth_reached,
    extrapolated_vs30,
    vs30,
    vsz,
    z1,
)
from quakesite.stations.schema import site_class, site_class_ec8, site_class_tbdy

velocities = st.floats(60.0, 3000.0)
profiles = st.lists(st.builds(Layer, st.floats(0.2, 25.0), velocities), min_size=1, max_size=12).map(
    lambda layers: (*layers, Layer(30.0, 700.0))
)


def test_two_layers_by_hand() -> None:
    layers = [Layer(10.0, 200.0), Layer(25.0, 400.0)]
    assert vs30(layers) == pytest.approx(30.0 / (10.0 / 200.0 + 20.0 / 400.0))
    assert vsz(layers, 10.0) == pytest.approx(200.0)
    assert z1(layers) is None
    assert z1([*layers, Layer(math.inf, 1100.0)]) == 35.0


@settings(deadline=None)
@given(profiles, st.data())
def test_vs30_does_not_change_when_a_layer_is_split(layers: tuple[Layer, ...], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(layers) - 1))
    part = data.draw(st.floats(0.01, 0.99)) * layers[index].thickness_m
    halves = (
        Layer(part, layers[index].vs_m_s),
        Layer(layers[index].thickness_m - part, layers[index].vs_m_s),
    )
    assert vs30([*layers[:index], *halves, *layers[index + 1 :]]) == pytest.approx(vs30(layers), rel=1e-9)


@settings(deadline=None)
@given(profiles, velocities, st.one_of(st.floats(0.1, 500.0), st.just(math.inf)))
def test_a_deeper_layer_below_thirty_metres_changes_nothing(
    layers: tuple[Layer, ...], velocity: float, thickness: float
) -> None:
    assert vs30([*layers, Layer(thickness, velocity)]) == vs30(layers)


@settings(deadline=None)
@given(profiles)
def test_vs30_lies_between_the_slowest_and_the_fastest_layer(layers: tuple[Layer, ...]) -> None:
    slowest, fastest = min(layer.vs_m_s for layer in layers), max(layer.vs_m_s for layer in layers)
    assert slowest * (1 - 1e-9) <= vs30(layers) <= fastest * (1 + 1e-9)


def test_a_profile_that_ends_above_thirty_metres_has_no_vs30() -> None:
    with pytest.raises(ShallowProfileError, match="ends at 22 m"):
        vs30([Layer(10.0, 200.0), Layer(12.0, 300.0)])


def test_a_half_space_reaches_any_depth() -> None:
    layers = [Layer(10.0, 200.0), Layer(math.inf, 400.0)]
    assert depth_reached(layers) == math.inf
    assert vs30(layers) == pytest.approx(300.0)


def test_extrapolation_uses_the_deepest_whole_metre_reached() -> None:
    layers = [Layer(22.7, 300.0)]
    value, sigma, depth = extrapolated_vs30(layers, "boore2004")
    assert depth == 22
    assert value == pytest.approx(10.0 ** (2.6900e-2 + 1.0044 * math.log10(300.0)))
    assert sigma == pytest.approx(2.4087e-2 * math.log(10.0))
    value, _, _ = extrapolated_vs30(layers, "boore2011")
    assert value == pytest.approx(
        10.0 ** (-0.3531 + 1.331 * math.log10(300.0) - 0.06585 * math.log10(300.0) ** 2)
    )


@pytest.mark.parametrize("method", ["boore2004", "boore2011"])
def test_extrapolated_vs30_grows_smoothly_towards_the_averaged_velocity(method: str) -> None:
    table = BOORE_2004 if method == "boore2004" else BOORE_2011
    ratios = [extrapolated_vs30([Layer(float(depth), 300.0)], method)[0] / 300.0 for depth in sorted(table)]  # type: ignore[arg-type]
    steps = [above - below for above, below in pairwise(ratios)]
    assert all(0.0 < step < 0.08 for step in steps)
    assert ratios[-1] == pytest.approx(1.0, abs=0.02)
    sigmas = [table[depth][-1] for depth in sorted(table)]
    assert sigmas == sorted(sigmas, reverse=True)


def test_extrapolation_from_above_the_method_s_first_depth_is_refused() -> None:
    with pytest.raises(ShallowProfileError, match="boore2004 begins at 10 m"):
        extrapolated_vs30([Layer(9.0, 300.0)], "boore2004")


@pytest.mark.parametrize(
    ("vs30_m_s", "classes"),
    [
        (1501, ("A", "A", "ZA")),
        (1500, ("B", "A", "ZB")),
        (801, ("B", "A", "ZB")),
        (800, ("B", "B", "ZB")),
        (760, ("C", "B", "ZC")),
        (361, ("C", "B", "ZC")),
        (360, ("D", "C", "ZD")),
        (180, ("D", "C", "ZD")),
        (179, ("E", "D", "ZE")),
    ],
)
def test_site_classes_at_their_limits(vs30_m_s: float, classes: tuple[str, str, str]) -> None:
    assert (site_class(vs30_m_s), site_class_ec8(vs30_m_s), site_class_tbdy(vs30_m_s)) == classes
