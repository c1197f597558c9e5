"""Several annotators' tables made one, and what they disagree on."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quakesite.annotate.command import app
from quakesite.annotate.merging import merged
from quakesite.annotate.notebook import Entry, Notebook, Pick
from quakesite.annotate.queues import Queue
from quakesite.annotate.serving import open_desk
from quakesite.errors import InputError
from quakesite.picks.manual import ManualPick, read_manual


def picked(**phases: tuple[float, int | None]) -> Entry:
    return Entry({phase: Pick(time_s, "x", number) for phase, (time_s, number) in phases.items()})


A = {"one": picked(P=(10.0, 2), S=(20.0, 0)), "two": picked(P=(5.0, None)), "only": picked(P=(3.0, 1))}
B = {"one": picked(P=(10.1, 0), S=(20.6, 0)), "two": Entry({}, "B")}


def test_picks_close_to_each_other_become_their_mean_and_the_rest_is_disputed() -> None:
    agreed, disputes = merged({"A": A, "B": B})
    assert {(one.record_id, one.phase): one.pick for one in agreed} == {
        ("one", "P"): Pick(10.05, "A+B", 2),
        ("only", "P"): Pick(3.0, "A", 1),
    }
    assert [(one.record_id, one.phase, one.apart_s) for one in disputes] == [
        ("one", "S", 0.6),
        ("two", "P", None),
    ]
    assert disputes[1].why == "P by 1 of 2 annotators"


def test_most_certain_pick_can_be_taken_instead_of_the_mean() -> None:
    agreed, _ = merged({"A": A, "B": B}, take="certain")
    assert agreed[0].pick == Pick(10.1, "B", 0)
    nobody = {"r": picked(P=(1.0, None))}, {"r": picked(P=(1.1, None))}
    agreed, _ = merged(dict(zip("AB", nobody, strict=True)), take="certain")
    assert agreed[0].pick == Pick(1.05, "A+B", None)


def test_without_a_limit_every_pick_of_all_is_agreed() -> None:
    agreed, disputes = merged({"A": A, "B": B}, within_s=math.inf)
    assert [(one.record_id, one.phase) for one in agreed] == [("one", "P"), ("one", "S"), ("only", "P")]
    assert [(one.record_id, one.phase) for one in disputes] == [("two", "P")]


def test_difference_equal_to_the_limit_is_agreement() -> None:
    assert len(merged({"A": A, "B": B}, within_s=0.6)[1]) == 1
    assert len(merged({"A": A, "B": B}, within_s=0.59)[1]) == 2


def test_judge_has_the_last_word_where_there_is_one() -> None:
    judge = {"one": picked(P=(10.2, 1), S=(20.5, 1)), "two": Entry({}, "J")}
    agreed, disputes = merged({"A": A, "B": B, "J": judge}, judge="J")
    assert disputes == []
    assert {(one.record_id, one.phase): one.pick.analyst for one in agreed} == {
        ("one", "P"): "J",
        ("one", "S"): "J",
        ("only", "P"): "A",
    }
    with pytest.raises(InputError, match=r"'K'.*A, B"):
        merged({"A": A, "B": B}, judge="K")


def annotated(folder: Path, record_ids: list[str]) -> None:
    for name, shift in (("Ayşe", 0.0), ("Mehmet", 0.1)):
        notebook = Notebook(folder, name)
        notebook.set_pick(record_ids[0], "P", Pick(12.0 + shift, name, 1, f"{name}'s"))
        notebook.set_pick(record_ids[4], "S", Pick(18.0 + 9 * shift, name))
        notebook.close()


def run(*arguments: object) -> None:
    done = CliRunner().invoke(app, ["merge", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_merged_table_is_read_as_manual_picks_and_disputes_lead_the_queue(
    results: Path, record_ids: list[str], tmp_path: Path
) -> None:
    folder, out, queue = tmp_path / "annotations", tmp_path / "manual.csv", tmp_path / "queue.csv"
    annotated(folder, record_ids)
    run(folder, "--out", out, "--queue", queue)
    agreed = ManualPick(12.05, "Ayşe+Mehmet", 0.1, "Ayşe: Ayşe's; Mehmet: Mehmet's")
    assert read_manual(out) == {record_ids[0]: {"P": agreed}}
    with out.open(encoding="utf-8") as handle:
        (row,) = csv.DictReader(handle)
    assert (row["analyst"], row["uncertainty_class"]) == ("Ayşe+Mehmet", "1")
    assert row["comment"] == "Ayşe: Ayşe's; Mehmet: Mehmet's"
    desk = open_desk(results, folder, "Judge", queue=queue)
    _, rows = desk.queues.page(Queue.LOW_AGREEMENT, "", 0, 10)
    assert (rows[0][0], rows[0][-1]) == (record_ids[4], "annotators' S 0.90 s apart")
    assert len(rows) == 3
    desk.notebook.close()


def test_merging_twice_gives_the_same_bytes(record_ids: list[str], tmp_path: Path) -> None:
    annotated(tmp_path / "annotations", record_ids)
    for name in ("one", "two"):
        run(
            tmp_path / "annotations",
            "--out",
            tmp_path / f"{name}.csv",
            "--queue",
            tmp_path / f"{name}-queue.csv",
        )
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "one-queue.csv").read_bytes() == (tmp_path / "two-queue.csv").read_bytes()


def test_output_among_the_tables_no_tables_and_other_queues_are_one_clear_line(
    results: Path, record_ids: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no annotator's table"):
        run(tmp_path, "--out", tmp_path / "manual.csv")
    annotated(tmp_path / "annotations", record_ids)
    with pytest.raises(InputError, match="among the annotators' tables"):
        run(tmp_path / "annotations", "--out", tmp_path / "annotations" / "merged.csv")
    (tmp_path / "queue.csv").write_text("station\n0001\n")
    for name in ("queue.csv", "absent.csv"):
        with pytest.raises(InputError, match=name):
            open_desk(results, tmp_path / "annotations", "Judge", queue=tmp_path / name)


def test_serving_wants_a_name() -> None:
    done = CliRunner().invoke(app, ["--no-browser"])
    assert done.exit_code == 2
    assert "--annotator" in done.output
