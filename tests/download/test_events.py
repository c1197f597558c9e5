"""The event list: a limit on answers loses nothing, and every row is accounted for."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from quakesite.download.client import Client
from quakesite.download.events import Events, events
from quakesite.download.run import fetch_events
from quakesite.download.search import Area
from quakesite.download.settings import DownloadSettings
from quakesite.download.spans import Span, gathered, span
from quakesite.errors import InputError

from .afad_server import Afad, Reply, always, cut, json_reply, page_reply
from .conftest import Watch

START = datetime(2023, 2, 1)


def row(number: int, moment: datetime, **changes: object) -> dict[str, object]:
    """A row as the service gives it: numbers as text, UTC without saying so."""
    return {
        "rms": "0.57",
        "eventID": str(number),
        "location": "Pazarcık (Kahramanmaraş)",
        "latitude": "37.288",
        "longitude": "37.043",
        "depth": "8.6",
        "type": "MW",
        "magnitude": f"{2 + number % 50 / 10:.1f}",
        "country": "Türkiye",
        "province": "Kahramanmaraş",
        "district": "Pazarcık",
        "neighborhood": None,
        "date": moment.isoformat(),
        "isEventUpdate": number % 2 == 0,
        "lastUpdateDate": None,
        **changes,
    }


def asked(afad: Afad, settings: DownloadSettings, watch: Watch, **changes: object) -> Events:
    ours = settings.model_copy(update=changes)
    return events(Client(ours, watch.clock), ours, span("2023-02-01", "2023-02-28"), Area())


def test_no_event_is_lost_where_the_limit_is_reached(
    afad: Afad, settings: DownloadSettings, watch: Watch
) -> None:
    draw = random.Random(0)
    month_s = 28 * 86400
    moments = [START + timedelta(seconds=draw.randrange(month_s)) for _ in range(300)]
    swarm = START + timedelta(days=5, hours=1, minutes=17, seconds=32)
    moments += [swarm + timedelta(seconds=draw.randrange(600), microseconds=500_000) for _ in range(700)]
    moments += [START, START + timedelta(days=14), START + timedelta(days=28) - timedelta(microseconds=1)]
    draw.shuffle(moments)
    afad.events = [row(number, moment) for number, moment in enumerate(moments)]
    found = asked(afad, settings, watch, event_limit=40)
    assert set(found.by_number) == {str(number) for number in range(len(moments))}
    assert found.table().num_rows == len(moments)
    assert afad.counts["events"] > 2 * len(moments) / 40
    assert all(query["limit"] == "40" and query["format"] == "json" for query in afad.queries)


def test_more_events_in_one_second_than_the_limit_is_one_clear_line(
    afad: Afad, settings: DownloadSettings, watch: Watch
) -> None:
    afad.events = [row(number, START) for number in range(9)]
    with pytest.raises(InputError, match=r"9 events in the second .*expected fewer than .*event_limit = 9"):
        asked(afad, settings, watch, event_limit=9)


@pytest.mark.parametrize("closed", [True, False])
def test_halves_miss_nothing_whether_a_span_holds_its_end_or_not(closed: bool) -> None:
    moments = [datetime(2023, 1, 1, tzinfo=UTC) + timedelta(seconds=second) for second in range(64)]

    def ask(part: Span) -> list[datetime]:
        return [m for m in moments if part.start <= m < part.end or (closed and m == part.end)]

    whole = Span(moments[0], moments[-1] + timedelta(seconds=1))
    seen = {m for rows in gathered(whole, ask, 3, lambda _span, _rows: None) for m in rows}
    assert seen == set(moments)


def test_pieces_of_a_span_join_without_gap() -> None:
    whole = span("2018-01-01", "2018-12-31")
    pieces = whole.pieces(30)
    assert len(pieces) == 13
    assert (pieces[0].start, pieces[-1].end) == (
        datetime(2018, 1, 1, tzinfo=UTC),
        datetime(2019, 1, 1, tzinfo=UTC),
    )
    assert all(before.end == after.start for before, after in pairwise(pieces))


@pytest.mark.parametrize(
    ("start", "end", "option"),
    [
        ("2018-13-01", "2018-12-31", "--start"),
        ("2018-01-01", "yesterday", "--end"),
        ("2018-01-02", "2018-01-01", "--end"),
        ("2018-01-01T00:00", "2018-01-01T00:00", "--end"),
        ("2018-01-01", "9999-12-31", "--end"),
    ],
)
def test_wrong_time_is_one_clear_line(start: str, end: str, option: str) -> None:
    with pytest.raises(InputError, match=f"^{option}: .*expected"):
        span(start, end)


def test_time_with_an_offset_is_turned_into_utc() -> None:
    assert span("2023-02-06T04:17:32+03:00", "2023-02-07").start == datetime(
        2023, 2, 6, 1, 17, 32, tzinfo=UTC
    )


def test_table_has_numbers_as_numbers_and_times_in_utc(
    afad: Afad, settings: DownloadSettings, watch: Watch, tmp_path: Path
) -> None:
    moment = datetime(2023, 2, 6, 1, 17, 32)
    afad.events = [row(2, moment + timedelta(hours=1)), row(1, moment, magnitude="7.7", rms="-")]
    period = span("2023-02-06", "2023-02-06")
    for name in ("events.parquet", "events.csv"):
        assert fetch_events(settings, watch.clock, period, Area(), tmp_path / name)[0].startswith("2 events")
    first, second = pq.read_table(tmp_path / "events.parquet").to_pylist()
    assert first["time"] == moment.replace(tzinfo=UTC)
    assert (first["event_id"], first["magnitude"], first["depth_km"], first["rms_s"]) == ("1", 7.7, 8.6, None)
    assert second["updated"]
    with (tmp_path / "events.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert rows[0]["time"] == "2023-02-06T01:17:32.000000Z"
    assert rows[0]["location"] == "Pazarcık (Kahramanmaraş)"


def test_limits_are_asked_of_the_service(afad: Afad, settings: DownloadSettings, watch: Watch) -> None:
    events(
        Client(settings, watch.clock),
        settings,
        span("2023-02-06T01:00", "2023-02-06T02:00"),
        Area(min_magnitude=4, min_latitude=36.5, max_longitude=42),
    )
    assert afad.queries == [
        {
            "start": "2023-02-06T01:00:00",
            "end": "2023-02-06T02:00:00",
            "minmag": "4",
            "minlat": "36.5",
            "maxlon": "42",
            "limit": "1000",
            "orderby": "time",
            "format": "json",
        }
    ]


def test_row_that_is_not_understood_is_told_and_the_others_kept(
    afad: Afad, settings: DownloadSettings, watch: Watch, tmp_path: Path
) -> None:
    rows = [row(1, START), {"eventID": "2", "date": "noon"}, "three", row(1, START)]
    afad.next_events.append(always(json_reply({"result": rows})))
    period = span("2023-02-01", "2023-02-01")
    lines = fetch_events(settings, watch.clock, period, Area(), tmp_path / "e.csv")
    assert "1 events" in lines[0]
    with (tmp_path / "e.rejects.csv").open() as handle:
        assert [(r["record_id"], r["reason"]) for r in csv.DictReader(handle)] == [
            ("", "not_understood"),
            ("2", "not_understood"),
        ]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (page_reply(), "a web page: .*Under maintenance"),
        (json_reply({"message": "limit"}), "message.*expected JSON with a list of events"),
        (Reply(body=b"EventID,Date\n1,2", content_type="text/csv"), "'EventID,Date 1,2' .text/csv"),
        (json_reply([{"id": 1}]), r"none of them understood.*download\.fields\.event_id"),
        (json_reply({}, 404), "HTTP 404"),
    ],
)
def test_answer_in_other_words_is_one_clear_line(
    afad: Afad, settings: DownloadSettings, watch: Watch, reply: Reply, found: str
) -> None:
    afad.next_events.append(always(reply))
    with pytest.raises(InputError, match=found) as caught:
        asked(afad, settings, watch)
    assert str(caught.value).startswith(f"{afad.base}/apiv2/event/filter: ")


def test_quiet_month_is_an_empty_table(
    afad: Afad, settings: DownloadSettings, watch: Watch, tmp_path: Path
) -> None:
    lines = fetch_events(settings, watch.clock, span("2023-02-01", "2023-02-28"), Area(), tmp_path / "e.csv")
    assert lines == [f"0 events in {tmp_path / 'e.csv'} (1 requests)"]


def test_broken_connection_and_500_are_tried_again(
    afad: Afad, settings: DownloadSettings, watch: Watch
) -> None:
    afad.events = [row(1, START)]
    afad.next_events += [cut, always(json_reply({}, 500))]
    assert set(asked(afad, settings, watch).by_number) == {"1"}
    assert afad.counts["events"] == 3


def test_other_suffix_is_refused_before_anything_is_asked(
    afad: Afad, settings: DownloadSettings, watch: Watch, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"\.csv or \.parquet"):
        fetch_events(settings, watch.clock, span("2023-02-01", "2023-02-28"), Area(), tmp_path / "e.xlsx")
    assert afad.counts["events"] == 0


def test_limits_that_cross_are_one_clear_line() -> None:
    with pytest.raises(InputError, match=r"--min-latitude: 40; expected at most --max-latitude 36"):
        Area(min_latitude=40, max_latitude=36)
