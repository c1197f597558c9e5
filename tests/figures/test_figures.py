"""What the figures show: units on every axis, every station drawn, bands from smallest to largest."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.figures import (
    basemap,
    channels,
    learning_curve,
    learning_curves,
    predicted,
    regions,
    skill,
    stations_map,
)
from quakesite.figures.command import Preset, app
from quakesite.figures.style import SYNTHETIC, save
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import write_parquet
from quakesite.training import settings
from quakesite.training.experiments import TABLE_II
from quakesite.training.schema import HISTORY
from quakesite.windows.schema import WINDOWS, Description


def labels(figure: Figure) -> list[str]:
    return [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(match=lambda one: hasattr(one, "get_text")))


def station_rows(vs30: list[float | None]) -> list[dict]:
    return [
        {"station": f"{place:04d}", "network": "TK", "n_records": 1, "vs30_m_s": value}
        | {"latitude": 36.5 + place % 7 * 0.7, "longitude": 27.0 + place % 17}
        for place, value in enumerate(vs30)
    ]


def history(epochs: int, offset: float) -> dict[str, np.ndarray]:
    epoch = np.arange(1, epochs + 1)
    return {name: epoch if name == "epoch" else 100.0 / epoch + offset for name in HISTORY.names}


@pytest.fixture
def histories(tmp_path: Path) -> list[Path]:
    """Three trials of each experiment of Table II, of 5, 8 and 8 epochs; one experiment is not trained."""
    paths = []
    for name in TABLE_II:
        for trial, (epochs, offset) in enumerate(((5, 0.0), (8, 10.0), (8, 40.0)), 1):
            path = tmp_path / "training" / name / str(trial) / "history.csv"
            path.parent.mkdir(parents=True)
            columns = history(0 if name == "alpha_man_pga" else epochs, offset)
            with path.open("w", newline="") as handle:
                writer = csv.writer(handle)
                writer.writerow(HISTORY.names)
                writer.writerows(zip(*columns.values(), strict=True))
            paths.append(path)
    return paths


@pytest.fixture
def windows(tmp_path: Path) -> Path:
    """A shard of three windows: one without S, one clear, one noisy."""
    rng = np.random.default_rng(0)
    rows = []
    for name, snr, s_sample in (("a", 60.0, None), ("b", 30.0, 900.0), ("c", 10.0, 900.0)):
        tensor = rng.normal(0.0, 5.0, (4, 1500)).astype("<f4")
        tensor[3] = 0.0
        tensor[3, 400:900] = 1.0
        rows.append(
            {"record_id": name, "station": "0001", "event_id": "1", "pga_cm_s2": 1.0, "snr_db": snr}
            | {"p_sample": 400.0, "s_sample": s_sample, "start_s": 0.0, "filled_samples": 0}
            | {"tensor": tensor.tobytes()}
        )
    schema = WINDOWS.with_metadata(Description("p15", "{}", 1500, 100.0).as_metadata("test"))
    path = tmp_path / "windows/p15/auto/0-of-1.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=schema), path)
    return path


PREDICTIONS = [
    {
        "vs30_measured": "300",
        "vs30_predicted": "350",
        "vs30_low": "250",
        "vs30_high": "490",
        "out_of_fold": "true",
    },
    {
        "vs30_measured": "900",
        "vs30_predicted": "450",
        "vs30_low": "320",
        "vs30_high": "630",
        "out_of_fold": "true",
    },
    {
        "vs30_measured": "500",
        "vs30_predicted": "450",
        "vs30_low": "320",
        "vs30_high": "630",
        "out_of_fold": "false",
    },
    {
        "vs30_measured": "",
        "vs30_predicted": "450",
        "vs30_low": "320",
        "vs30_high": "630",
        "out_of_fold": "true",
    },
]
SKILL = [
    {"name": "best_constant", "kind": "baseline", "skill": "0.0", "collapsed": ""},
    {"name": "beta_auto_pga", "kind": "experiment", "skill": "-0.1", "collapsed": "true"},
    {"name": "alpha_man_pga", "kind": "experiment", "skill": "NaN", "collapsed": ""},
    {"name": "hvsr_forest", "kind": "baseline", "skill": "-3.0", "collapsed": "false"},
]
SKILL = [row | {"skill_low": "-0.2", "skill_high": "0.05"} for row in SKILL]


MEMBERS = [
    {"station": str(place), "latitude": "39.0", "longitude": str(28 + place), "region": str(1 + place // 4)}
    for place in range(10)
]
REGIONS = [
    {"region": "1", "n_stations": "4", "mean_ln_ratio": "-0.1", "std_ln_ratio": "0.3"}
    | {"mean_absolute_ln_ratio": "0.25", "std_absolute_ln_ratio": "0.2"},
    {"region": "2", "n_stations": "6", "mean_ln_ratio": "0.2", "std_ln_ratio": "0.4"}
    | {"mean_absolute_ln_ratio": "0.35", "std_absolute_ln_ratio": "0.1"},
]
CURVE = [
    {"name": "hvsr_forest", "trial": trial, "n_stations": str(count)}
    | {"error_station_pct": str(error), "constant_error_pct": "37.0"}
    for trial, shift in (("1", 0.0), ("2", 4.0))
    for count, error in ((10, 40.0 + shift), (50, 30.0 + shift))
]


def all_figures(histories: list[Path], windows: Path, *, synthetic: bool) -> dict[str, Figure]:
    rows = station_rows([100.0, 250.0, 500.0, 900.0, 1600.0, None])
    return {
        "fig1": stations_map.draw(rows, synthetic=synthetic),
        "fig3": channels.draw(channels.choose([windows]), synthetic=synthetic),
        "fig4": learning_curves.draw(learning_curves.read_histories(histories), synthetic=synthetic),
        "predicted": predicted.draw(PREDICTIONS, synthetic=synthetic),
        "skill": skill.draw(SKILL, synthetic=synthetic),
        "fig5": regions.draw_map(MEMBERS, synthetic=synthetic),
        "fig6": regions.draw_errors(REGIONS, synthetic=synthetic),
        "learning_curve": learning_curve.draw(CURVE, synthetic=synthetic),
    }


def test_every_figure_of_the_synthetic_archive_says_so_and_no_other_does(histories, windows) -> None:
    for synthetic in (True, False):
        for name, figure in all_figures(histories, windows, synthetic=synthetic).items():
            assert (SYNTHETIC in texts(figure)) is synthetic, name


def test_axes_carry_units(histories, windows) -> None:
    figures = all_figures(histories, windows, synthetic=False)
    assert {name: labels(figure) for name, figure in figures.items() if name != "fig4"} == {
        "fig1": ["Longitude (° E)", "Latitude (° N)"],
        "fig3": ["Acceleration (cm/s²)", "Time in the window (s)", "P/S\n(0 or 1)"],
        "predicted": ["Measured Vs30 (m/s)", "Predicted Vs30, out of fold (m/s)"],
        "skill": ["Skill (1: perfect, 0: the best constant)"],
        "fig5": ["Longitude (° E)", "Latitude (° N)"],
        "fig6": [
            "Mean ln ratio\npredicted / measured",
            "Region (number of stations)",
            "Mean absolute ln ratio\npredicted / measured",
        ],
        "learning_curve": ["Stations learnt from (number)", "Error per unseen station (%)"],
    }
    fig4 = figures["fig4"]
    assert labels(fig4) == ["Epoch"] * 3
    assert [headings(axes) for axes in fig4.axes[:3]] == [
        ["Loss, mean square (m²/s²)"],
        ["Vs30 error (m/s)"],
        ["Vs30 error (%)"],
    ]
    ours = learning_curves.draw(learning_curves.read_histories(histories), loss_unit="1")
    assert headings(ours.axes[0]) == ["Loss, mean square (1)"]


def headings(axes: Axes) -> list[str]:
    """The column headings that stand over `axes`."""
    return [
        " ".join(one.get_text().split()) for one in axes.texts if str(one.get_gid()).startswith("heading")
    ]


def row_title(axes: Axes) -> str:
    [title] = [one.get_text() for one in axes.texts if str(one.get_gid()).startswith("row")]
    return title


def test_equal_figures_are_equal_files(tmp_path: Path, windows) -> None:
    for name in ("first", "second"):
        save(channels.draw(channels.choose([windows])), tmp_path / f"{name}.svg")
    for suffix in (".svg", ".png"):
        first, second = ((tmp_path / name).with_suffix(suffix).read_bytes() for name in ("first", "second"))
        assert first == second
        assert len(first) > 5000


def test_every_station_is_drawn_once_in_its_class() -> None:
    vs30 = [None if place % 10 == 0 else 120.0 + 23.0 * place for place in range(70)]
    figure = stations_map.draw(station_rows(vs30))
    drawn = {one.get_gid(): len(one.get_offsets()) for one in figure.axes[0].collections if one.get_gid()}
    expected = Counter(f"class {site_class(value) if value is not None else 'none'}" for value in vs30)
    assert drawn == expected
    legend = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert f"C  360–760  ({expected['class C']})" in legend
    assert "not measured  (7)" in legend


def test_stations_lie_where_the_table_says() -> None:
    rows = station_rows([500.0, 510.0])
    [points] = [one for one in stations_map.draw(rows).axes[0].collections if one.get_gid()]
    assert np.asarray(points.get_offsets()).tolist() == [[row["longitude"], row["latitude"]] for row in rows]


def test_a_station_without_coordinates_is_left_out_and_one_abroad_widens_the_map() -> None:
    rows = station_rows([500.0, 500.0])
    rows[0]["latitude"] = None
    rows[1]["longitude"] = 20.0
    axes = stations_map.draw(rows).axes[0]
    assert sum(len(one.get_offsets()) for one in axes.collections if one.get_gid()) == 1
    assert axes.get_xlim()[0] < 20.0


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "inside"),
    [
        ("Ankara", 32.86, 39.93, True),
        ("Van", 43.38, 38.49, True),
        ("Edirne", 26.56, 41.67, True),
        ("Antakya", 36.16, 36.20, True),
        ("Aleppo", 37.16, 36.20, False),
        ("Black Sea", 34.0, 43.0, False),
        ("Tbilisi", 44.79, 41.72, False),
    ],
)
def test_the_border_encloses_turkiye(place: str, longitude: float, latitude: float, inside: bool) -> None:
    from matplotlib.path import Path as Outline

    rings = basemap.outline()["Türkiye"]
    assert any(Outline(ring).contains_point((longitude, latitude)) for ring in rings) is inside, place


def test_the_shaded_band_reaches_from_the_smallest_to_the_largest_trial(histories) -> None:
    figure = learning_curves.draw(learning_curves.read_histories(histories))
    assert len(figure.axes) == 15
    axes = figure.axes[1]
    [shaded] = [one for one in axes.collections if one.get_gid() == "band train"]
    corners = shaded.get_paths()[0].vertices
    for epoch, low, mean, high in ((1.0, 100.0, 350 / 3, 140.0), (8.0, 22.5, 37.5, 52.5)):
        of_epoch = corners[corners[:, 0] == epoch, 1]
        assert (of_epoch.min(), of_epoch.max()) == pytest.approx((low, high))
        train = next(line for line in axes.get_lines() if str(line.get_label()).startswith("train"))
        assert train.get_ydata()[int(epoch) - 1] == pytest.approx(mean)


def test_rows_stand_in_the_order_given_and_an_untrained_experiment_says_so(histories) -> None:
    figure = learning_curves.draw(learning_curves.read_histories(histories))
    titles = [row_title(figure.axes[3 * row]) for row in range(5)]
    assert [title.split()[1].rstrip(",") for title in titles] == TABLE_II
    assert "not trained" in titles[1]
    assert "3 trials" in titles[0]


def test_the_clearest_record_with_both_picks_is_chosen(windows) -> None:
    assert channels.choose([windows]).record_id == "b"
    assert channels.choose([windows], "a").s_sample is None
    with pytest.raises(InputError, match="no window of z"):
        channels.choose([windows], "z")


def test_a_run_without_any_window_has_a_figure_3_that_says_so(tmp_path: Path) -> None:
    empty = tmp_path / "0-of-1.parquet"
    schema = WINDOWS.with_metadata(Description("p15", "{}", 1500, 100.0).as_metadata("test"))
    write_parquet(schema.empty_table(), empty)
    done = CliRunner().invoke(app, ["fig3", str(empty), "--out", str(tmp_path / "fig3.svg")])
    assert done.exit_code == 0, done.output
    assert channels.NOTHING in (tmp_path / "fig3.svg").read_text()


def test_four_channels_are_drawn_with_p_and_s_marked(windows) -> None:
    window = channels.choose([windows])
    figure = channels.draw(window)
    assert len(figure.axes) == 4
    for axes, samples, name in zip(figure.axes, window.tensor, ("E", "N", "Z", "PS"), strict=True):
        lines = {line.get_gid(): line for line in axes.get_lines()}
        assert np.array_equal(lines[None].get_ydata(), samples)
        assert [lines[f"{phase} {name}"].get_xdata()[0] for phase in "PS"] == [4.0, 9.0]
    assert figure.axes[0].get_xlim() == (0.0, 15.0)


def test_a_record_without_s_has_no_s_line(windows) -> None:
    figure = channels.draw(channels.choose([windows], "a"))
    assert not [line for line in figure.axes[0].get_lines() if line.get_gid() == "S E"]


def test_only_out_of_fold_stations_with_a_measurement_are_compared() -> None:
    figure = predicted.draw(PREDICTIONS)
    assert figure.axes[0].get_title(loc="left") == "2 stations, 50 % within their interval"
    points = [
        one for one in figure.axes[0].collections if len(one.get_offsets()) and one.get_label()[0] in "ABCDE"
    ]
    assert sum(len(one.get_offsets()) for one in points) == 2


def test_models_stand_at_their_skill_and_those_without_are_named() -> None:
    figure = skill.draw(SKILL)
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["beta_auto_pga", "hvsr_forest"]
    places = {line.get_gid(): line.get_xdata()[0] for line in axes.get_lines() if line.get_gid()}
    assert places == {"skill beta_auto_pga": -0.1, "skill hvsr_forest": -1.0}
    assert "-3.0" in texts(figure)
    assert "No test records: alpha_man_pga" in texts(figure)


def test_a_skill_that_is_not_to_be_believed_is_marked() -> None:
    verdicts = ("leaked", "too good", "better than a constant")
    rows = [SKILL[3] | {"name": f"model {at}", "verdict": one} for at, one in enumerate(verdicts)]
    names = [tick.get_text() for tick in skill.draw(rows).axes[0].get_yticklabels()]
    assert names == ["model 0 (leaked)", "model 1 (too good)", "model 2"]


def test_every_station_is_drawn_once_in_its_region() -> None:
    axes = regions.draw_map(MEMBERS).axes[0]
    drawn = {one.get_gid(): len(one.get_offsets()) for one in axes.collections if one.get_gid()}
    assert drawn == {"region 1": 4, "region 2": 4, "region 3": 2}


def test_bars_are_the_means_of_the_table() -> None:
    signed, absolute = regions.draw_errors(REGIONS).axes
    assert [bar.get_height() for bar in signed.patches] == [-0.1, 0.2]
    assert [bar.get_height() for bar in absolute.patches] == [0.25, 0.35]
    assert [tick.get_text() for tick in absolute.get_xticklabels()] == ["1\n(4)", "2\n(6)"]


def test_the_learning_curve_is_the_mean_over_trials_within_smallest_and_largest() -> None:
    axes = learning_curve.draw(CURVE).axes[0]
    line = axes.get_lines()[0]
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([10.0, 50.0], [42.0, 32.0])
    corners = axes.collections[0].get_paths()[0].vertices
    assert (corners[:, 1].min(), corners[:, 1].max()) == (30.0, 44.0)


def test_empty_tables_make_figures_too(tmp_path: Path) -> None:
    empty = [module.draw([]) for module in (stations_map, predicted, skill, learning_curve)]
    for figure in (*empty, learning_curves.draw({}), regions.draw_map([]), regions.draw_errors([])):
        figure.savefig(tmp_path / "empty.png", dpi=30)
        assert (tmp_path / "empty.png").stat().st_size > 500


def test_presets_are_those_of_the_training_and_no_other_is_taken(tmp_path: Path, histories) -> None:
    assert get_args(Preset) == get_args(settings.Preset)
    assert set(learning_curves.LOSS_UNITS) == set(get_args(Preset))
    arguments = ["fig4", str(histories[0]), "--preset", "papr", "--out", str(tmp_path / "fig4.svg")]
    assert CliRunner().invoke(app, arguments).exit_code == 2
    assert not (tmp_path / "fig4.svg").exists()


def test_commands_write_svg_and_png(tmp_path: Path, histories, windows) -> None:
    stations = tmp_path / "stations.parquet"
    write_parquet(pa.Table.from_pylist(station_rows([300.0, 500.0]), schema=STATIONS), stations)
    for name, sources in (("fig1", [stations]), ("fig3", [windows]), ("fig4", histories)):
        out = tmp_path / f"{name}.svg"
        result = CliRunner().invoke(
            app, [name, *map(str, sources), "--out", str(out)], catch_exceptions=False
        )
        assert result.exit_code == 0
        assert out.read_text().startswith("<?xml")
        assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
