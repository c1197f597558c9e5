"""Data overview, H/V curves, record sheet: what they show is what stands in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.schema import HV_FREQUENCIES_HZ
from quakesite.figures import hv_curve, overview, record_sheet
from quakesite.figures.command import PREDICTED, app
from quakesite.figures.numbers import RunNumbers
from quakesite.figures.style import COLUMN_IN, SYNTHETIC, save


def labels(figure: Figure) -> list[str]:
    return [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(match=lambda one: hasattr(one, "get_text")))


def by_gid(axes: Any) -> dict[str, Any]:
    return {
        one.get_gid(): one for one in [*axes.get_lines(), *axes.collections, *axes.patches] if one.get_gid()
    }


def record_row(station: str, magnitude: float | None, distance: float | None) -> dict[str, Any]:
    return {"station": station, "magnitude": magnitude, "epicentral_distance_km": distance}


RECORDS = [
    record_row("1", 4.0, 10.0),
    record_row("1", 5.0, 50.0),
    record_row("2", 6.0, 0.2),
    record_row("3", None, 30.0),
]


def test_overview_draws_every_record_with_magnitude_and_distance_and_names_the_rest() -> None:
    figure = overview.draw(RECORDS, [12.0, 31.0, 38.0], min_snr_db=25.0)
    assert labels(figure) == [
        *("Epicentral distance (km)", "Magnitude"),
        *("Records per station (number)", "Stations (number)"),
        *("Signal-to-noise ratio (dB)", "Records (number)"),
    ]
    points = by_gid(figure.axes[0])["records"].get_offsets()
    assert np.asarray(points).tolist() == [[10.0, 4.0], [50.0, 5.0], [1.0, 6.0]]
    assert figure.axes[0].get_title(loc="left") == "4 records of 3 stations (1 without magnitude or distance)"


def test_overview_bars_count_stations_and_records() -> None:
    figure = overview.draw(RECORDS, [12.0, 31.0, None, 38.0], min_snr_db=25.0)
    assert [bar.get_height() for bar in figure.axes[1].patches] == [2.0, 1.0]
    bars = {bar.get_x(): bar.get_height() for bar in figure.axes[2].patches if bar.get_height()}
    assert bars == {10.0: 1.0, 30.0: 1.0, 35.0: 1.0}
    assert by_gid(figure.axes[2])["limit"].get_xdata()[0] == 25.0
    assert "limit" not in by_gid(overview.draw(RECORDS, [12.0]).axes[2])


def test_overview_of_nothing_is_a_figure(tmp_path: Path) -> None:
    overview.draw([], []).savefig(tmp_path / "empty.png", dpi=30)
    assert (tmp_path / "empty.png").stat().st_size > 500


CURVES = np.log(np.vstack([np.full(32, 2.0), np.full(32, 8.0)]))
CURVES[:, 20] += 1.0
ROW = {"station": "0208", "network": "TK", "vs30_measured": "300", "vs30_predicted": "350", "vs30_low": "250"}
ROW |= {"vs30_high": "490", "out_of_fold": "true"}


def test_hv_curves_are_the_records_their_geometric_mean_and_one_deviation() -> None:
    figure = hv_curve.draw(ROW, CURVES)
    curves = figure.axes[0]
    assert labels(figure) == ["Frequency (Hz)", "H/V spectral ratio (1)", "Vs30 (m/s)"]
    assert len([line for line in curves.get_lines() if line.get_gid() == "record"]) == 2
    mean = by_gid(curves)["mean"]
    assert mean.get_ydata()[0] == pytest.approx(4.0)
    assert mean.get_xdata()[20] == HV_FREQUENCIES_HZ[20] == hv_curve.summary(CURVES).peak_hz
    corners = by_gid(curves)["deviation"].get_paths()[0].vertices
    at_first = corners[corners[:, 0] == HV_FREQUENCIES_HZ[0], 1]
    factor = np.exp(np.std([np.log(2.0), np.log(8.0)], ddof=1))
    assert (at_first.min(), at_first.max()) == pytest.approx((4.0 / factor, 4.0 * factor))
    assert curves.get_title(loc="left") == "Station TK 0208, 2 records"


def test_hv_stands_beside_the_prediction_its_interval_and_the_measurement() -> None:
    of_panel = by_gid(hv_curve.draw(ROW, CURVES).axes[1])
    assert of_panel["predicted"].get_ydata()[0] == 350.0
    assert of_panel["measured"].get_ydata()[0] == 300.0
    assert of_panel["interval"].get_segments()[0][:, 1].tolist() == [250.0, 490.0]
    unknown = by_gid(hv_curve.draw(ROW | {"vs30_measured": "", "vs30_low": ""}, CURVES[:1]).axes[1])
    assert set(unknown) == {"predicted"}


def test_the_station_shown_is_unseen_measured_and_has_the_most_records() -> None:
    rows = [
        ROW | {"station": "1"},
        ROW | {"station": "2"},
        ROW | {"station": "3", "out_of_fold": "false"},
        ROW | {"station": "4", "vs30_measured": ""},
    ]
    counts = {"1": 2, "2": 5, "3": 9, "4": 9}
    assert hv_curve.choose(rows, counts)["station"] == "2"
    assert hv_curve.choose(rows, counts, "4")["station"] == "4"
    with pytest.raises(InputError, match="no prediction and records of 9"):
        hv_curve.choose(rows, counts, "9")
    with pytest.raises(InputError, match="no station with records"):
        hv_curve.choose(rows, {})


def test_curves_are_read_by_station_from_all_shards(run: RunNumbers) -> None:
    curves = hv_curve.read_curves(sorted((run.results / "evaluation/features").glob("*.parquet")))
    assert len(curves) == run["data"]["stations"]
    assert sum(map(len, curves.values())) == run["data"]["records"]


@pytest.fixture(scope="module")
def sheet(run: RunNumbers) -> record_sheet.Sheet:
    records, windows = (
        sorted((run.results / folder).glob("*-of-*.parquet")) for folder in ("records", "windows/pga60/auto")
    )
    return record_sheet.read_sheet(records, run.results / "picks.parquet", windows)


def test_record_sheet_shows_three_components_the_window_and_every_methods_picks(sheet) -> None:
    figure = record_sheet.draw(sheet)
    assert labels(figure) == [
        *("Acceleration (cm/s²)", "Time from the first sample (s)", "Up:\nfrequency (Hz)")
    ]
    assert "Power (dB)" in texts(figure)
    for at, name in enumerate("ENZ"):
        parts = by_gid(figure.axes[at])
        expected = sheet.acceleration[at] - sheet.acceleration[at].mean()
        assert np.allclose(parts[f"component {name}"].get_ydata(), expected)
        window = parts[f"window {name}"]
        assert (window.get_x(), window.get_x() + window.get_width()) == (2.0, 62.0)
        picks = {
            gid: parts[gid].get_xdata()[0] for gid in parts if gid.split()[0] in {"eqtransformer", "manual"}
        }
        assert picks == {
            f"eqtransformer P {name}": 15.0,
            f"eqtransformer S {name}": 24.0,
            f"manual P {name}": 15.1,
        }
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["P eqtransformer", "S eqtransformer", "P manual", "window"]


def test_spectrogram_finds_the_frequency_of_a_sine_and_falls_no_lower_than_60_db() -> None:
    seconds = np.arange(3000) / 100.0
    frequency, time, decibels = record_sheet.spectrogram(np.sin(2 * np.pi * 7.0 * seconds), 100.0)
    assert decibels.shape == (len(frequency), len(time))
    assert set(frequency[decibels.argmax(axis=0)]) == {7.0}
    assert decibels.max() == 0.0
    assert decibels.min() == pytest.approx(-60.0)
    _, _, silent = record_sheet.spectrogram(np.zeros(20), 100.0)
    assert np.all(silent == -60.0)


def test_an_unknown_record_is_named(run: RunNumbers) -> None:
    records = sorted((run.results / "records").glob("*-of-*.parquet"))
    with pytest.raises(InputError, match="no record 19990817000139_9999"):
        record_sheet.read_sheet(records, run.results / "picks.parquet", [], "19990817000139_9999")


def test_without_a_window_the_first_record_is_drawn_and_without_records_there_is_none(
    run: RunNumbers,
) -> None:
    first, second = sorted((run.results / "records").glob("*-of-*.parquet"))
    sheet = record_sheet.read_sheet([second, first], run.results / "picks.parquet", [])
    assert (sheet.row["record_id"], sheet.window) == ("20100817000139_0001", None)
    assert not [gid for gid in by_gid(record_sheet.draw(sheet).axes[0]) if gid.startswith("window")]
    with pytest.raises(InputError, match="no record"):
        record_sheet.read_sheet([second], run.results / "picks.parquet", [])


def test_a_run_without_predictions_has_an_hv_figure_that_says_so(run: RunNumbers, tmp_path: Path) -> None:
    empty = tmp_path / "predictions.csv"
    empty.write_text(",".join(PREDICTED) + "\n")
    features = [str(path) for path in (run.results / "evaluation/features").glob("*.parquet")]
    done = CliRunner().invoke(app, ["hv", str(empty), *features, "--out", str(tmp_path / "hv.svg")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "hv.png").is_file()
    assert hv_curve.NOTHING in (tmp_path / "hv.svg").read_text()


def test_new_figures_are_one_column_wide_and_marked_where_synthetic(sheet) -> None:
    for synthetic in (True, False):
        for figure in (
            overview.draw(RECORDS, [30.0], synthetic=synthetic),
            hv_curve.draw(ROW, CURVES, synthetic=synthetic),
            record_sheet.draw(sheet, synthetic=synthetic),
        ):
            assert figure.get_figwidth() == COLUMN_IN
            assert (SYNTHETIC in texts(figure)) is synthetic


def test_equal_sheets_are_equal_files(sheet, tmp_path: Path) -> None:
    for name in ("first", "second"):
        save(record_sheet.draw(sheet), tmp_path / f"{name}.svg")
    for suffix in (".svg", ".png"):
        first, second = ((tmp_path / name).with_suffix(suffix).read_bytes() for name in ("first", "second"))
        assert first == second


def test_predictions_of_the_made_up_run_have_a_station_to_show(run: RunNumbers) -> None:
    rows = read_csv(run.results / "predictions.csv")
    chosen = hv_curve.choose(rows, {row["station"]: 1 for row in rows})
    assert chosen["out_of_fold"] == "true"
    assert chosen["vs30_measured"]
