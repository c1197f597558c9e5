"""Odd tables: what is no number is left out, what lies far out is in view, and no text is cut off."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_up_run import N_SHARDS, history_row, make
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from quakesite.errors import InputError
from quakesite.evaluation.schema import FEATURES
from quakesite.figures import (
    agreement,
    basemap,
    channels,
    gallery,
    hv_curve,
    learning_curve,
    learning_curves,
    map_data,
    map_page,
    overview,
    predicted,
    record_sheet,
    regions,
    skill,
    stations_map,
    table_page,
)
from quakesite.figures.numbers import RunNumbers
from quakesite.figures.style import style
from quakesite.figures.table_rows import finite, read_rows
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet, write_parquet
from quakesite.training.experiments import TABLE_II
from quakesite.training.schema import HISTORY

NAN, INF = float("nan"), float("inf")
ROW = {"vs30_measured": "300", "vs30_predicted": "350", "vs30_low": "250", "vs30_high": "490"}
ROW |= {"out_of_fold": "true", "station": "1", "network": "TK"}


def drawn_stations(figure: Figure) -> list[list[float]]:
    """Places of the stations that lie within the axes."""
    [axes] = figure.axes
    places = [
        place
        for one in axes.collections
        if str(one.get_gid()).startswith("class")
        for place in np.asarray(one.get_offsets()).tolist()
    ]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return [[x, y] for x, y in places if left < x < right and bottom < y < top]


@pytest.mark.parametrize(("measured", "said"), [("2500", "40"), ("60", "3100"), ("300", "350")])
def test_every_station_that_is_counted_lies_within_the_axes(measured: str, said: str) -> None:
    odd = ROW | {"vs30_measured": measured, "vs30_predicted": said, "vs30_low": "30", "vs30_high": "4000"}
    figure = predicted.draw([ROW, odd])
    expected = [[300.0, 350.0], [float(measured), float(said)]]
    assert sorted(drawn_stations(figure)) == sorted(expected)
    [axes] = figure.axes
    assert axes.get_title(loc="left").startswith("2 stations")
    assert axes.get_ylim()[0] < 30.0 < 4000.0 < axes.get_ylim()[1]
    assert predicted.draw([ROW]).axes[0].get_xlim() == (95.0, 2000.0)


def test_lines_lie_under_the_points() -> None:
    [axes] = predicted.draw([ROW]).axes
    points = [one for one in axes.collections if str(one.get_gid()).startswith("class")]
    assert max(line.get_zorder() for line in axes.get_lines()) < min(one.get_zorder() for one in points)


def test_a_prediction_that_is_no_number_is_neither_drawn_nor_counted() -> None:
    odd = [ROW | {"vs30_predicted": "NaN"}, ROW | {"vs30_measured": "inf"}, ROW | {"vs30_predicted": "-3"}]
    figure = predicted.draw([ROW, *odd])
    said = figure.axes[0].get_title(loc="left").splitlines()
    assert said == ["1 station, 100 % within their interval", "2 more without a prediction above 0 m/s"]
    assert drawn_stations(figure) == [[300.0, 350.0]]


def test_a_run_of_one_epoch_shows_markers_and_the_range_over_trials() -> None:
    trials = [
        {name: np.array([1.0 if name == "epoch" else value]) for name in HISTORY.names} for value in (2, 5)
    ]
    for axes in learning_curves.draw({"alpha_auto_pga": trials}).axes:
        assert [line.get_marker() for line in axes.get_lines()] == ["o", "s"]
        assert {line.get_ydata()[0] for line in axes.get_lines()} == {3.5}
        ranges = [one for one in axes.collections if str(one.get_gid()).startswith("range")]
        assert [one.get_segments()[0][:, 1].tolist() for one in ranges] == [[2.0, 5.0]] * 2
        assert axes.get_xlim() == (0.0, 2.0)


@pytest.mark.parametrize("far", [(151.0, -33.0), (12.0, 36.0), (33.0, 39.0)])
def test_a_map_has_few_round_ticks_however_far_it_reaches(far: tuple[float, float]) -> None:
    rows = [{"vs30_m_s": 400.0, "longitude": x, "latitude": y} for x, y in (far, (30.0, 39.0))]
    figure = stations_map.draw(rows)
    [axes] = figure.axes
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        inside = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
        assert 3 <= len(inside) <= 8
        assert all(tick == round(tick) for tick in inside)
    assert cut_off(figure) == []


def test_land_that_was_cut_off_has_no_coast_along_the_cut() -> None:
    edges = ((0, 24.5), (0, 46.5), (1, 33.8), (1, 43.8))
    for name, rings in basemap.outline().items():
        sides = {pair for ring in rings for pair in pairwise(ring)}
        along = {
            (one, two)
            for one, two in sides
            if any(max(abs(one[axis] - edge), abs(two[axis] - edge)) < 0.011 for axis, edge in edges)
        }
        kept = [pair for ring in rings for part in basemap.coast(ring) for pair in pairwise(part)]
        assert set(kept) == sides - along, name
        assert len(kept) == len(set(kept)), name
        assert bool(along) is (name not in ("Türkiye", "Cyprus", "N. Cyprus")), name


def test_points_of_too_few_records_are_told(run: RunNumbers) -> None:
    rows = read_rows(run.results / "agreement.csv")
    figure = agreement.draw([row | {"n": "2"} if row["bin"] == "20 to 30" else row for row in rows])
    said = [text.get_text() for text in figure.findobj(Text)]
    assert "1 point of fewer than 3 records left out" in said
    assert not [
        text.get_text() for text in agreement.draw(rows).findobj(Text) if "left out" in text.get_text()
    ]


def test_a_byte_order_mark_is_no_part_of_a_columns_name(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("\ufeffname,error_pct\na,1.5\n", encoding="utf-8")
    assert read_rows(table) == [{"name": "a", "error_pct": "1.5"}]
    assert ">name<" in table_page.render(table)


def test_numbers_are_finite_or_not_there() -> None:
    given = ["1.5", 2, "", None, "NaN", NAN, INF, "-inf", "word"]
    assert [finite(one) for one in given] == [1.5, 2.0, *[None] * 7]


def test_a_ragged_row_is_named_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n3\n")
    for read in (read_rows, table_page.render):
        with pytest.raises(InputError, match=r"table\.csv, line 3: 1 cells; expected 2"):
            read(table)
    table.write_text("a,b\n1,2,3\n")
    with pytest.raises(InputError, match="line 2: 3 cells"):
        read_rows(table)
    table.write_text("")
    with pytest.raises(InputError, match="an empty file"):
        read_rows(table)
    table.write_bytes(b"a\n\xff\n")
    with pytest.raises(InputError, match="no UTF-8"):
        read_rows(table)


def test_stations_without_a_finite_place_or_vs30_are_not_drawn_as_if_they_had(tmp_path: Path) -> None:
    make(tmp_path, 6)
    path = tmp_path / "stations/stations.parquet"
    rows = read_parquet(path, STATIONS).to_pylist()
    rows[0]["latitude"], rows[1]["vs30_m_s"], rows[2]["elevation_m"] = NAN, INF, NAN
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), path)
    figure = stations_map.draw(rows)
    drawn = {one.get_gid(): len(one.get_offsets()) for one in figure.axes[0].collections if one.get_gid()}
    assert (sum(drawn.values()), drawn["class none"]) == (5, 1)
    predictions = tmp_path / "predictions.csv"
    predictions.write_text(predictions.read_text().replace("hvsr_forest,0.9", "hvsr_forest,inf"))
    features = sorted((tmp_path / "evaluation/features").glob("*.parquet"))
    first = read_parquet(features[0], FEATURES).to_pylist()
    first[0]["ln_hv"] = [NAN] * 32
    write_parquet(pa.Table.from_pylist(first, schema=FEATURES), features[0])
    entries = map_data.read_stations(
        path, predictions, tmp_path / "records/catalogue.parquet", tmp_path / "picks.parquet", features
    )
    assert [one["code"] for one in entries] == [row["station"] for row in rows[1:]]
    assert (entries[0]["measured"], entries[1]["elevation"]) == (None, None)
    assert {one["coverage"] for one in entries} == {None}
    assert "NaN" not in map_page.embedded({"stations": entries})


def test_curves_and_records_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"record_id": str(at), "station": "1", "pga_cm_s2": 1.0, "sa_0_2_s_cm_s2": 1.0, "sa_1_0_s_cm_s2": 1.0}
        | {"ln_hv": [value] * 32}
        for at, value in enumerate((0.5, NAN, INF))
    ]
    table = pa.Table.from_pylist(rows, schema=FEATURES)
    write_parquet(table, tmp_path / "a.parquet")
    assert hv_curve.read_curves([tmp_path / "a.parquet"])["1"].shape == (1, 32)
    assert hv_curve.counts(table) == {"1": 1}
    panel = hv_curve.draw(ROW | {"vs30_predicted": "4000", "vs30_low": "NaN"}, np.zeros((1, 32))).axes[1]
    assert {str(one.get_gid()) for one in panel.get_lines()} == {"predicted", "measured"}
    assert panel.get_ylim()[1] > 4000.0
    records = [
        {"station": "1", "magnitude": magnitude, "epicentral_distance_km": distance}
        for magnitude, distance in ((4.0, 10.0), (NAN, 10.0), (4.0, INF))
    ]
    figure = overview.draw(records, [10.0, NAN, INF])
    assert figure.axes[0].get_title(loc="left").endswith("(2 without magnitude or distance)")
    assert sum(bar.get_height() for bar in figure.axes[2].patches) == 1.0


def test_bands_of_all_panels_and_sets_are_the_mean_smallest_and_largest_of_their_own_column(
    run: RunNumbers,
) -> None:
    paths = [path for name in TABLE_II for path in sorted(run.results.glob(f"training/{name}/*/history.csv"))]
    figure = learning_curves.draw(learning_curves.read_histories(paths))
    panels = np.array(figure.axes).reshape(len(TABLE_II), 3)
    for at, row in enumerate(panels):
        for axes, what in zip(row, ("loss", "error_m_s", "error_pct"), strict=True):
            for kind, (shaded, line) in zip(
                ("train", "validation"), zip(axes.collections, axes.get_lines(), strict=True), strict=True
            ):
                corners = shaded.get_paths()[0].vertices
                for epoch in range(1, 9):
                    trials = [history_row(at, trial, epoch)[f"{kind}_{what}"] for trial in (1, 2, 3)]
                    of_epoch = corners[corners[:, 0] == epoch, 1]
                    assert (of_epoch.min(), of_epoch.max()) == pytest.approx((min(trials), max(trials)))
                    assert line.get_ydata()[epoch - 1] == pytest.approx(np.mean(trials))


def ticks_beyond(figure: Figure) -> set[Text]:
    """Labels of ticks outside of their axis: they are there and not drawn."""
    labels = set()
    for axis in (axis for axes in figure.findobj(Axes) for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                labels |= {tick.label1, tick.label2}
    return labels


def cut_off(figure: Figure) -> list[str]:
    """Visible texts that reach over the figure's edge, after layout."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        edge, renderer = figure.bbox, canvas.get_renderer()
        found, beyond = [], ticks_beyond(figure)
        for text in figure.findobj(Text):
            if text in beyond or not text.get_visible() or not text.get_text().strip():
                continue
            box = text.get_window_extent(renderer)
            if box.x0 < edge.x0 - 1 or box.x1 > edge.x1 + 1 or box.y0 < edge.y0 - 1 or box.y1 > edge.y1 + 1:
                found.append(text.get_text())
        return found


def every_figure(results: Path) -> dict[str, Figure]:
    records = sorted((results / "records").glob("*-of-*.parquet"))
    windows = sorted((results / "windows/pga60/auto").glob("*.parquet"))
    curves = hv_curve.read_curves(sorted((results / "evaluation/features").glob("*.parquet")))
    predictions = read_rows(results / "predictions.csv")
    row = hv_curve.choose(predictions, {code: len(one) for code, one in curves.items()})
    stations = read_parquet(results / "stations/stations.parquet", STATIONS).to_pylist()
    catalogue = overview.read_records(results / "records/catalogue.parquet")
    histories = [path for name in TABLE_II for path in sorted(results.glob(f"training/{name}/*/history.csv"))]
    of_picks = overview.read_snr(results / "picks.parquet").values()
    synthetic = {"synthetic": True}
    return {
        "fig1": stations_map.draw(stations, **synthetic),
        "fig1 of 1000": stations_map.draw(many_stations(), **synthetic),
        "fig3": channels.draw(channels.choose(windows), **synthetic),
        "fig4": learning_curves.draw(learning_curves.read_histories(histories), **synthetic),
        "fig5": regions.draw_map(read_rows(results / "evaluation/region_members.csv"), **synthetic),
        "fig6": regions.draw_errors(read_rows(results / "regions.csv"), **synthetic),
        "predicted": predicted.draw(predictions, **synthetic),
        "skill": skill.draw(read_rows(results / "skill.csv"), **synthetic),
        "agreement": agreement.draw(read_rows(results / "agreement.csv"), **synthetic),
        "learning-curve": learning_curve.draw(read_rows(results / "learning_curve.csv"), **synthetic),
        "overview": overview.draw(catalogue, of_picks, min_snr_db=25.0, **synthetic),
        "overview, limit at the edge": overview.draw(catalogue, [*of_picks, 150.0], min_snr_db=149.0),
        "overview of odd records": overview.draw(
            [*catalogue * 200, *[one | {"magnitude": None} for one in catalogue]], of_picks
        ),
        "hv": hv_curve.draw(row, curves[row["station"]], **synthetic),
        "record": record_sheet.draw(
            record_sheet.read_sheet(records, results / "picks.parquet", windows), **synthetic
        ),
    }


def many_stations() -> list[dict[str, object]]:
    values = [100.0, 250.0, 500.0, 900.0, 1600.0, None]
    return [
        {"vs30_m_s": values[at % 6], "latitude": 38.0 + at / 1000, "longitude": 28.0 + at / 100}
        for at in range(1000)
    ]


def test_no_text_of_any_figure_is_cut_off_at_its_edge(run: RunNumbers) -> None:
    cut = {name: cut_off(figure) for name, figure in every_figure(run.results).items()}
    assert {name: texts for name, texts in cut.items() if texts} == {}


def test_a_text_that_is_cut_off_is_found() -> None:
    figure = Figure(figsize=(2.0, 2.0))
    figure.text(0.9, 0.5, "a long text at the edge")
    assert cut_off(figure) == ["a long text at the edge"]


def test_a_place_of_a_page_is_filled_once_whatever_is_put_there() -> None:
    filled = dict.fromkeys(("title", "style", "mark", "table", "script"), "") | {"data": "{}"}
    page = map_page.page("table", **(filled | {"title": "{{ data }}", "table": r"\1 {{ script }}"}))
    assert "<title>{{ data }}</title>" in page
    assert r"<table>\1 {{ script }}</table>" in page


def test_the_gallery_is_of_the_synthetic_archive_alone(run: RunNumbers, root: Path, tmp_path: Path) -> None:
    real = RunNumbers(run.results, N_SHARDS)
    with pytest.raises(InputError, match="a run of real records"):
        gallery.write(real, root / "workflow/report", tmp_path)
    assert list(tmp_path.iterdir()) == []
