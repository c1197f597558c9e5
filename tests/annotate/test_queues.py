"""Queues, search and steps from record to record."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.annotate.desk import Desk
from quakesite.annotate.notebook import Pick
from quakesite.annotate.queues import Queue
from quakesite.annotate.serving import open_desk


def set_p(desk: Desk, record_id: str) -> None:
    desk.notebook.set_pick(record_id, "P", Pick(12.0, "Ayşe"))


def ids(desk: Desk, queue: Queue, text: str = "") -> list[str]:
    return [row[0] for row in desk.queues.page(queue, text, 0, 500)[1]]


def test_picked_record_leaves_the_unpicked_queue_and_next_goes_on_from_it(
    desk: Desk, record_ids: list[str]
) -> None:
    set_p(desk, record_ids[4])
    assert ids(desk, Queue.UNPICKED) == record_ids[:4] + record_ids[5:]
    assert desk.queues.step(Queue.UNPICKED, "", record_ids[4], 1) == record_ids[5]
    assert desk.queues.step(Queue.UNPICKED, "", record_ids[4], -1) == record_ids[3]
    desk.notebook.undo()
    assert ids(desk, Queue.UNPICKED) == record_ids


def test_record_set_aside_is_not_unpicked(desk: Desk, record_ids: list[str]) -> None:
    desk.notebook.set_aside(record_ids[0], True)
    assert ids(desk, Queue.UNPICKED) == record_ids[1:]
    assert desk.queues.progress()["aside"] == 1


def test_low_agreement_queue_shows_the_worst_first_and_why(desk: Desk, record_ids: list[str]) -> None:
    _, rows = desk.queues.page(Queue.LOW_AGREEMENT, "", 0, 10)
    assert [(row[0], row[5]) for row in rows] == [
        (record_ids[5], "S by 1 of 2"),
        (record_ids[3], "P 2.0 s apart"),
    ]
    assert desk.queues.step(Queue.LOW_AGREEMENT, "", record_ids[5], 1) == record_ids[3]
    assert desk.queues.step(Queue.LOW_AGREEMENT, "", record_ids[3], 1) is None


def test_step_enters_a_queue_from_outside_at_its_start(desk: Desk, record_ids: list[str]) -> None:
    assert desk.queues.step(Queue.LOW_AGREEMENT, "", record_ids[0], 1) == record_ids[5]


def test_next_unpicked_starts_over_at_the_end(desk: Desk, record_ids: list[str]) -> None:
    for record_id in record_ids[6:]:
        set_p(desk, record_id)
    assert desk.queues.step(Queue.ALL, "", record_ids[-1], 1, unpicked=True) == record_ids[0]
    assert desk.queues.step(Queue.ALL, "", record_ids[2], 1, unpicked=True) == record_ids[3]
    for record_id in record_ids[:6]:
        set_p(desk, record_id)
    assert desk.queues.step(Queue.ALL, "", record_ids[0], 1, unpicked=True) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0003", [3]),
        ("20201030 0007", [7]),
        ("2020-10-30 11:51 0007", [7]),
        ("2020-10-31", []),
        ("  ", range(12)),
        ("nowhere", []),
    ],
)
def test_search_finds_station_and_event(desk: Desk, record_ids: list[str], text: str, found: range) -> None:
    assert ids(desk, Queue.ALL, text) == [record_ids[number] for number in found]


def test_page_is_the_asked_part_with_the_state_of_each_record(desk: Desk, record_ids: list[str]) -> None:
    set_p(desk, record_ids[5])
    total, rows = desk.queues.page(Queue.ALL, "", 5, 2)
    assert total == 12
    assert rows[0] == [record_ids[5], "0005", 5.1, 40.0, "P", "S by 1 of 2"]
    assert rows[1][4] == ""


def test_a_page_of_36000_records_is_as_long_as_asked(large_results: Path, tmp_path: Path) -> None:
    desk = open_desk(large_results, tmp_path, "a")
    last = desk.index.record_ids[-1]
    total, rows = desk.queues.page(Queue.ALL, "", 30_000, 100)
    assert (total, len(rows)) == (36_000, 100)
    assert desk.queues.step(Queue.UNPICKED, "", last, 1, unpicked=True) == desk.index.record_ids[0]
    desk.notebook.close()
