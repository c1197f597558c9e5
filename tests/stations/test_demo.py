"""The synthetic archive as an oracle: each report gives the truth, or is refused for what is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from quakesite.demo.plan import Station, plan_station
from quakesite.demo.reports import write_report
from quakesite.demo.sources import ReportDefect, stated
from quakesite.demo.station_list import write_station_list
from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement
from quakesite.stations.tables import check_tables, read_table

N_STATIONS = 60

Reading = tuple[Station, ReportDefect | None, Statement | Reject]


@pytest.fixture(scope="module")
def stations() -> list[Station]:
    """The stations of the archive as cloned."""
    return [plan_station(0, index) for index in range(N_STATIONS)]


@pytest.fixture(scope="module")
def readings(
    stations: list[Station], layouts: list[Layout], tmp_path_factory: pytest.TempPathFactory
) -> list[Reading]:
    """What is read from each report."""
    folder = tmp_path_factory.mktemp("reports")
    found = []
    for station in stations:
        name = write_report(0, station, folder)
        if name is not None:
            (said,) = read_report(folder / name, layouts, "reject")
            found.append((station, stated(station).defect, said))
    return found


def test_sound_reports_give_the_truth(readings: list[Reading]) -> None:
    sound = [(station, said) for station, defect, said in readings if defect is None]
    assert len(sound) >= 15
    for station, said in sound:
        assert isinstance(said, Statement), said
        assert (said.network or "TK", said.station) == ("TK", station.code)
        assert said.vs30_m_s == pytest.approx(station.profile.vs30_m_s, abs=0.5)
        assert said.stated_vs30_m_s == stated(station).report
        assert "stated_vs30_differs" not in said.flags
        assert (said.latitude, said.longitude) == (
            pytest.approx(station.latitude, abs=1e-5),
            pytest.approx(station.longitude, abs=1e-5),
        )
        assert said.date is not None


def test_spoilt_reports_are_refused_or_flagged_for_what_is_wrong_with_them(readings: list[Reading]) -> None:
    spoilt = [(station, defect, said) for station, defect, said in readings if defect is not None]
    assert Counter(defect for _, defect, _ in spoilt).keys() == set(ReportDefect)
    reasons = {
        ReportDefect.SHALLOW: (Reason.SHALLOW_PROFILE, "the profile ends at 22 m, above 30 m"),
        ReportDefect.IMAGE_ONLY: (Reason.NO_TEXT_LAYER, "without a text layer (images only)"),
        ReportDefect.NO_THICKNESS: (Reason.BAD_REPORT, "column missing: thickness or depth"),
    }
    for station, defect, said in spoilt:
        if defect is ReportDefect.STATED_WRONG:
            assert isinstance(said, Statement)
            assert said.vs30_m_s == pytest.approx(station.profile.vs30_m_s, abs=0.5)
            assert "stated_vs30_differs" in said.flags
        else:
            assert isinstance(said, Reject), (station.code, defect)
            assert said.reason is reasons[defect][0]
            assert reasons[defect][1] in said.detail


def test_the_station_list_says_what_was_put_into_it(stations: list[Station], tmp_path: Path) -> None:
    path = tmp_path / "stations.xlsx"
    write_station_list(stations, path)
    check_tables([path])
    said, rejects = read_table(path)
    assert rejects == []
    expected = {station.code: stated(station).listed for station in stations}
    assert {row.station: row.vs30_m_s for row in said if row.vs30_m_s is not None} == {
        code: vs30 for code, vs30 in expected.items() if vs30 is not None
    }
