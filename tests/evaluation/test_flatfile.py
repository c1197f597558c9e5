"""The flatfile and the table of counts, from tables of which every value is known."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obspy.geodetics import gps2dist_azimuth
from typer.testing import CliRunner

from quakesite.evaluation.command import app
from quakesite.evaluation.counts import CLASS_SHARES, counts, in_papers_selection, n_events, selected_by
from quakesite.evaluation.flatfile import COLUMNS
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE
from quakesite.records.settings import RecordsSettings
from quakesite.stations.schema import STATIONS, site_class, site_class_ec8
from quakesite.tables import write_parquet

ESM_COLUMNS = {
    *("event_id", "event_time", "ISC_ev_id", "USGS_ev_id", "INGV_ev_id", "EMSC_ev_id", "ev_nation_code"),
    *("ev_latitude", "ev_longitude", "ev_depth_km", "ev_hyp_ref", "fm_type_code", "ML", "ML_ref", "Mw"),
    *("Mw_ref", "Ms", "Ms_ref", "EMEC_Mw", "EMEC_Mw_type", "EMEC_Mw_ref", "event_source_id", "es_strike"),
    *("es_dip", "es_rake", "es_strike_dip_rake_ref", "es_z_top", "es_z_top_ref", "es_length", "es_width"),
    *("es_geometry_ref", "network_code", "station_code", "location_code", "instrument_code"),
    *("sensor_depth_m", "proximity_code", "housing_code", "installation_code", "st_nation_code"),
    *("st_latitude", "st_longitude", "st_elevation", "ec8_code", "ec8_code_method", "ec8_code_ref"),
    *("vs30_m_sec", "vs30_ref", "vs30_calc_method", "vs30_meas_type", "slope_deg", "vs30_m_sec_WA"),
    *("epi_dist", "epi_az", "JB_dist", "rup_dist", "Rx_dist", "Ry0_dist", "instrument_type_code"),
    *("late_triggered_flag_01", "U_channel_code", "U_azimuth_deg", "V_channel_code", "V_azimuth_deg"),
    *("W_channel_code", "U_hp", "V_hp", "W_hp", "U_lp", "V_lp", "W_lp"),
    *(
        f"{part}_{measure}"
        for part in ("U", "V", "W", "rotD50", "rotD100", "rotD00")
        for measure in ("pga", "pgv", "pgd", "T90", "housner", "CAV", "ia")
    ),
}
"""The columns of ESM's flatfile of 2018, but for its spectra, as OpenQuake's readers expect them."""

VS30 = {"0905": 369.0, "3514": 836.0, "4501": 250.0}
EVENTS = {
    "20121030115124": ("Mw", 5.1),
    "20180706000000": ("ML", 6.5),
    "20201030115124": ("Mw", 6.6),
    "20150101000000": ("ML", 2.1),
}
RECORDS = [(event, station) for event in EVENTS for station in ("0905", "3514", "4501", "9999")]


def catalogue_row(event: str, station: str, number: int) -> dict[str, Any]:
    """A row whose measures are all different."""
    scale, magnitude = EVENTS[event]
    row: dict[str, Any] = {
        name: number + place / 100
        for place, name in enumerate(CATALOGUE.names)
        if CATALOGUE.field(name).type == pa.float64()
    }
    time = datetime.strptime(event, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return row | {
        "record_id": f"{event}_{station}",
        "network": "TK",
        "station": station,
        "location": "00",
        "instrument": "HN",
        "event_id": event,
        "event_time": time,
        "start_time": time,
        "ev_latitude": 37.879,
        "ev_longitude": 26.703,
        "st_latitude": 37.85997,
        "st_longitude": 27.26501 + number / 10,
        "magnitude": magnitude,
        "magnitude_type": scale,
        "mw": magnitude if scale == "Mw" else None,
        "mw_reference": "AFAD" if scale == "Mw" else None,
        "ml": magnitude - 0.1 if scale == "Mw" and number % 2 else None,
        "hypocentre_reference": "KOERI",
        "triggering": "late" if station == "4501" else "normal",
        "header_doubts": None,
        "form": "mp_Acc" if number % 2 else "ap_RawAcc",
        "sources": ["a", "b", "c"],
        "n_samples": 9000 + number,
        "shard": "0-of-1",
    }


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of 16 records, picks of eleven of them, and five stations."""
    folder = tmp_path_factory.mktemp("tables")
    rows = [catalogue_row(event, station, number) for number, (event, station) in enumerate(RECORDS)]
    rows.sort(key=lambda row: row["record_id"])
    write_parquet(pa.Table.from_pylist(rows, schema=CATALOGUE), folder / "catalogue.parquet")
    picks = []
    for number, row in enumerate(rows[:11]):
        for phase, time_s in (("P", 3.0 + number), ("S", 9.0 + number)):
            if phase == "P" or number != 4:
                pick = {"method": "eqtransformer", "phase": phase, "time_s": time_s, "snr_db": 20.0 + number}
                picks.append({"record_id": row["record_id"], "flags": [], **pick})
                picks.append(picks[-1] | {"method": "kalkan", "time_s": 99.0, "snr_db": 99.0})
    picks += [
        {"record_id": rows[0]["record_id"], "method": "manual", "phase": phase, "time_s": 5.0, "flags": []}
        for phase in "PS"
    ]
    write_parquet(pa.Table.from_pylist(picks, schema=PICKS), folder / "picks.parquet")
    stations = [
        {
            "station": name,
            "network": "TK",
            "vs30_m_s": value,
            "vs30_source": "report",
            "vs30_method": "MASW",
            "vs30_sigma_ln": 0.1,
            "site_class": site_class(value),
            "site_class_ec8": site_class_ec8(value),
            "slope": 0.1,
            "n_records": 4,
            "records_before_move": ["20121030115124_4501"] if name == "4501" else None,
        }
        for name, value in VS30.items()
    ]
    stations.append({"station": "9999", "network": "TK", "n_records": 4})
    stations.append({"station": "AMT", "network": "IT", "vs30_m_s": 670.0, "n_records": 0})
    write_parquet(pa.Table.from_pylist(stations, schema=STATIONS), folder / "stations.parquet")
    return folder


def run(tables: Path, command: str, *arguments: str) -> list[dict[str, str]]:
    out = tables / f"{command}.csv"
    inputs = [str(tables / "catalogue.parquet"), "--picks", str(tables / "picks.parquet")]
    inputs += ["--stations", str(tables / "stations.parquet"), "--out", str(out), *arguments]
    result = CliRunner().invoke(app, [command, *inputs], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_columns_are_esms_or_declared_as_ones_own(tables: Path) -> None:
    rows = run(tables, "flatfile")
    assert tuple(rows[0]) == COLUMNS
    own = COLUMNS[COLUMNS.index("record_id") :]
    assert set(COLUMNS) - set(own) <= ESM_COLUMNS
    assert not set(own) & ESM_COLUMNS
    assert [row["record_id"] for row in rows] == sorted(f"{event}_{station}" for event, station in RECORDS)


def test_each_value_is_its_tables(tables: Path) -> None:
    rows = {row["record_id"]: row for row in run(tables, "flatfile")}
    number = RECORDS.index(("20201030115124", "0905"))
    record, row = catalogue_row("20201030115124", "0905", number), rows["20201030115124_0905"]
    for esm, ours in {
        "ev_depth_km": "ev_depth_km",
        "st_longitude": "st_longitude",
        "epi_dist": "epicentral_distance_km",
        "U_pga": "pga_e_cm_s2",
        "V_pga": "pga_n_cm_s2",
        "W_pga": "pga_z_cm_s2",
        "rotD50_pga": "rotd50_pga_cm_s2",
        "U_T90": "t90_e_s",
        "U_hp": "high_pass_e_hz",
        "V_hp": "high_pass_n_hz",
        "W_lp": "low_pass_z_hz",
        "W_CAV": "cav_z_cm_s",
        "V_ia": "arias_n_cm_s",
    }.items():
        assert float(row[esm]) == pytest.approx(record[ours], rel=1e-5), esm
    assert [row[name] for name in ("event_time", "Mw", "ML", "network_code", "instrument_code")] == [
        *("2020-10-30 11:51:24", "6.6", "", "TK", "HN")
    ]
    codes = ("U_channel_code", "V_channel_code", "W_channel_code", "ev_hyp_ref", "Mw_ref", "ML_ref")
    assert [row[name] for name in codes] == ["HNE", "HNN", "HNZ", "KOERI", "AFAD", ""]
    both = rows["20201030115124_3514"]
    assert (both["Mw"], both["ML"]) == ("6.6", "6.5")
    assert (rows["20180706000000_9999"]["ML"], rows["20180706000000_9999"]["Mw"]) == ("6.5", "")
    place = (record["ev_latitude"], record["ev_longitude"], record["st_latitude"], record["st_longitude"])
    assert float(row["epi_az"]) == pytest.approx(gps2dist_azimuth(*place)[1], abs=1e-3)
    assert [row[name] for name in ("vs30_m_sec", "vs30_meas_type", "ec8_code", "site_class")] == [
        *("369", "MASW", "B", "C")
    ]
    assert float(row["slope_deg"]) == pytest.approx(5.7106, abs=1e-3)


def test_picks_are_those_of_the_method_and_tell_a_late_trigger(tables: Path) -> None:
    rows = run(tables, "flatfile")
    assert [row["p_time_s"] for row in rows[:3]] == ["3.0", "4.0", "5.0"]
    assert [row["late_triggered_why"] for row in rows] == [
        *("early_p", "early_p", "header", ""),
        *("", "", "header", ""),
        *("", "", "header", "no_p"),
        *("no_p", "no_p", "header", "no_p"),
    ]
    assert all(row["late_triggered_flag_01"] == str(int(row["late_triggered_why"] != "")) for row in rows)
    assert (rows[4]["s_time_s"], rows[4]["snr_db"], rows[4]["pick_method"]) == ("", "24", "eqtransformer")
    assert [rows[-1][name] for name in ("p_time_s", "s_time_s", "snr_db", "pick_method")] == 4 * [""]
    assert run(tables, "flatfile", "--method", "kalkan")[0]["p_time_s"] == "99.0"


def test_a_record_made_before_its_station_moved_has_no_vs30(tables: Path) -> None:
    rows = {row["record_id"]: row for row in run(tables, "flatfile")}
    assert (rows["20121030115124_4501"]["vs30_m_sec"], rows["20121030115124_4501"]["site_class"]) == ("", "")
    assert (rows["20180706000000_4501"]["vs30_m_sec"], rows["20180706000000_4501"]["site_class"]) == (
        "250",
        "D",
    )
    assert rows["20180706000000_9999"]["vs30_source"] == ""


def test_counts_are_counted_and_every_paper_number_has_its_difference(tables: Path) -> None:
    rows = run(tables, "counts", "--selection", '{"min_snr_db": 25}', "--markdown", str(tables / "counts.md"))
    found = {(row["section"], row["quantity"]): row for row in rows}
    assert len(found) == len(rows)
    ours = {key: float(row["ours"]) for key, row in found.items()}
    with_vs30 = "kept, with a measured Vs30"
    both = "records with P and S by eqtransformer"
    assert {key: ours[key] for key in list(ours)[:14]} == {
        ("stations", "known, of network TK"): 4,
        ("stations", "known, of any network"): 5,
        ("stations", "with records"): 4,
        ("stations", "known, of network TK, with a measured Vs30"): 3,
        ("stations", "with records and a measured Vs30"): 3,
        ("events", "with records"): 4,
        ("records", "kept"): 16,
        ("records", "kept, of the paper's selection"): 8,
        ("records", with_vs30): 11,
        ("records", f"{with_vs30}, of the paper's selection"): 5,
        ("picks", both): 10,
        ("picks", f"{both} and a measured Vs30"): 7,
        ("picks", f"{both}, a measured Vs30 and at least 25 dB"): 5,
        ("picks", "records with P and S by hand"): 1,
    }
    assert all(row["difference"] for row in rows)
    assert {float(row["paper"]) for row in rows if row["paper"]} == {
        *(799, 594, 585, 36417, 13974, 11840, 2000),
        *(share for shares in CLASS_SHARES.values() for share in shares),
    }
    assert (ours["records by form", "mp_Acc"], ours["records by year", "2012"]) == (8, 4)
    for section, total in (("records by form", 16), ("records by year", 16), ("records by class", 100)):
        assert sum(value for key, value in ours.items() if key[0] == section) == pytest.approx(
            total, abs=0.05
        )
    text = (tables / "counts.md").read_text()
    assert "36417" in text
    assert "synthetic" not in text


def test_zero_decibels_are_known(tables: Path, tmp_path: Path) -> None:
    picks = pq.read_table(tables / "picks.parquet").to_pylist()
    for pick in picks:
        pick["snr_db"] = 0.0
    write_parquet(pa.Table.from_pylist(picks, schema=PICKS), tmp_path / "picks.parquet")
    names = [tables / "catalogue.parquet", tmp_path / "picks.parquet", tables / "stations.parquet"]
    rows = counts(*names, "eqtransformer", RecordsSettings(min_snr_db=0.0))
    assert [row["ours"] for row in rows if "at least 0 dB" in row["quantity"]] == [7]


def test_two_stamps_of_one_event_are_one_event() -> None:
    origin = datetime(2020, 10, 30, 11, 51, 24, tzinfo=UTC)

    def at(seconds: float, latitude: float | None = 37.9) -> dict[str, Any]:
        time = origin + timedelta(seconds=seconds)
        place = {"ev_latitude": latitude, "ev_longitude": 26.7}
        return {"event_id": f"{time:%Y%m%d%H%M%S}", "event_time": time, **place}

    assert n_events([at(0), at(0), at(2), at(9, 38.0)]) == 1
    assert n_events([at(0), at(11)]) == 2
    assert n_events([at(0), at(2, 39.0)]) == 2
    assert n_events([at(0), at(2, None)]) == 1
    assert n_events([at(0) | {"event_time": None}, at(2)]) == 1


def test_counts_follow_stricter_selections_in_words(tables: Path) -> None:
    settings = RecordsSettings(years=(2012, 2018), magnitude=(2.2, 6.5), depth_km=(0, 30))
    words = selected_by(settings)
    assert words == "years 2012 to 2018, magnitude 2.2 to 6.5, depth 0 to 30 km, at most 120 km"
    assert selected_by(RecordsSettings(max_epicentral_distance_km=None)) == "no limit"
    names = [tables / f"{name}.parquet" for name in ("catalogue", "picks", "stations")]
    kept = next(row for row in counts(*names, "eqtransformer", settings) if row["quantity"] == "kept")
    assert words in str(kept["difference"])


@pytest.mark.parametrize(
    ("event", "magnitude", "inside"),
    [
        ("20120101000000", 2.2, True),
        ("20181231235959", 6.5, True),
        ("20190101000000", 5.0, False),
        ("20150101000000", 6.6, False),
        ("20150101000000", None, False),
    ],
)
def test_the_papers_selection_includes_its_limits(event: str, magnitude: float | None, inside: bool) -> None:
    assert in_papers_selection({"event_id": event, "event_time": None, "magnitude": magnitude}) is inside


def test_an_empty_run_has_empty_tables(tables: Path, tmp_path: Path) -> None:
    for name, schema in (("catalogue", CATALOGUE), ("picks", PICKS), ("stations", STATIONS)):
        write_parquet(schema.empty_table(), tmp_path / f"{name}.parquet")
    assert run(tmp_path, "flatfile") == []
    assert (tmp_path / "flatfile.csv").read_text() == ",".join(COLUMNS) + "\n"
    rows = run(tmp_path, "counts", "--selection", json.dumps({}))
    assert {row["ours"] for row in rows} <= {"0", "0.00"}
