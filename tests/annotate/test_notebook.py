"""Picks are on disk before anybody hears that they are saved, and stay there."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quakesite.annotate import notebook as module
from quakesite.annotate.notebook import COLUMNS, EMPTY, Entry, Notebook, Pick, annotator_name, read_notebook
from quakesite.errors import InputError
from quakesite.picks.manual import ManualPick, read_manual

RECORD, OTHER = "20201030115124_0905", "20201030115124_3517"


def pick(time_s: float = 12.34, number: int | None = None, comment: str = "") -> Pick:
    return Pick(time_s, "Ayşe", number, comment)


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path, "Ayşe")


def test_pick_is_in_the_file_when_set_returns(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "S", pick(17.5, 2, 'ağır, "belirsiz"'))
    notebook.set_pick(RECORD, "P", pick())
    with notebook.path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    assert rows == [
        list(COLUMNS),
        [RECORD, "P", "12.340000", "Ayşe", "", ""],
        [RECORD, "S", "17.500000", "Ayşe", "2", 'ağır, "belirsiz"'],
    ]


def test_picks_stage_reads_the_file(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick(12.34, 0, "a, b"))
    notebook.set_pick(RECORD, "S", pick(17.5))
    assert read_manual(notebook.path) == {
        RECORD: {"P": ManualPick(12.34, "Ayşe", 0.05, "a, b"), "S": ManualPick(17.5, "Ayşe")}
    }


def test_resume_finds_what_was_left(notebook: Notebook, tmp_path: Path) -> None:
    notebook.set_pick(RECORD, "P", pick(12.34, 4, "x"))
    notebook.set_aside(OTHER, True)
    notebook.close()
    again = Notebook(tmp_path, "Ayşe")
    assert again[RECORD] == Entry({"P": pick(12.34, 4, "x")})
    assert again[OTHER] == Entry({}, "Ayşe")


def test_undo_goes_back_step_by_step_to_the_beginning(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick(1.0))
    notebook.set_pick(RECORD, "P", pick(2.0))
    notebook.delete_pick(RECORD, "P")
    notebook.set_aside(RECORD, True)
    seen = []
    while notebook.undo() is not None:
        entry = notebook[RECORD]
        seen.append((entry.aside, [found.time_s for found in entry.picks.values()]))
    assert seen == [(None, []), (None, [2.0]), (None, [1.0]), (None, [])]
    assert read_notebook(notebook.path) == {}


def test_steps_of_one_movement_are_undone_together(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick(1.0))
    for time_s in (1.01, 1.02, 1.03):
        notebook.set_pick(RECORD, "P", pick(time_s), merge="nudge 1")
    notebook.set_pick(RECORD, "P", pick(1.04), merge="nudge 2")
    times = []
    for _ in range(2):
        notebook.undo()
        times.append(notebook[RECORD].picks["P"].time_s)
    assert times == [1.03, 1.0]


def test_setting_aside_takes_the_picks_away_and_undo_brings_them_back(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick())
    notebook.set_aside(RECORD, True)
    assert read_notebook(notebook.path) == {RECORD: Entry({}, "Ayşe")}
    notebook.undo()
    assert read_notebook(notebook.path) == {RECORD: Entry({"P": pick()})}


@pytest.mark.parametrize("change", ["set aside", "undone"])
def test_kill_between_the_two_files_costs_no_pick(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    notebook.set_pick(RECORD, "P", pick())
    if change == "undone":
        notebook.set_aside(RECORD, True)
    writes = failing_after(1, module.atomic_open)
    monkeypatch.setattr(module, "atomic_open", writes)
    with pytest.raises(OSError, match="power cut"):
        notebook.set_aside(RECORD, True) if change == "set aside" else notebook.undo()
    assert read_notebook(notebook.path)[RECORD].picks == {"P": pick()}


def failing_after(n: int, function: Callable[..., object]) -> Callable[..., object]:
    calls = 0

    def counted(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls > n:
            raise OSError("power cut")
        return function(*args)

    return counted


def test_whoever_goes_through_the_entries_is_not_disturbed_by_a_pick(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick())
    going = iter(notebook.entries.items())
    notebook.set_pick(OTHER, "P", pick())
    assert [name for name, _ in going] == [RECORD]
    assert list(notebook.entries) == [RECORD, OTHER]


def test_reason_for_setting_aside_is_kept_changed_and_undone(notebook: Notebook, tmp_path: Path) -> None:
    notebook.set_aside(RECORD, True)
    notebook.set_aside(RECORD, True, "clipped, no onset")
    assert read_notebook(notebook.path)[RECORD] == Entry({}, "Ayşe", "clipped, no onset")
    notebook.undo()
    assert read_notebook(notebook.path)[RECORD] == Entry({}, "Ayşe")
    notebook.set_aside(RECORD, False)
    assert RECORD not in read_notebook(notebook.path)


def test_write_that_fails_changes_nothing(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook.set_pick(RECORD, "P", pick(1.0))
    monkeypatch.setattr(module, "atomic_open", failing_after(0, module.atomic_open))
    with pytest.raises(OSError, match="power cut"):
        notebook.set_pick(RECORD, "P", pick(2.0))
    with pytest.raises(OSError, match="power cut"):
        notebook.undo()
    assert notebook[RECORD].picks == {"P": pick(1.0)}
    monkeypatch.undo()
    assert notebook.undo() == RECORD
    assert notebook[RECORD] == EMPTY


def test_file_changed_by_another_program_is_not_overwritten(notebook: Notebook) -> None:
    notebook.set_pick(RECORD, "P", pick())
    edited = notebook.path.read_text(encoding="utf-8").replace("12.34", "12.50")
    notebook.path.write_text(edited + f"{OTHER},P,3.0,Ayşe,,\n", encoding="utf-8")
    with pytest.raises(InputError, match="changed by something else"):
        notebook.set_pick(RECORD, "S", pick(17.0))
    assert OTHER in notebook.path.read_text(encoding="utf-8")


def test_two_processes_cannot_hold_one_notebook(notebook: Notebook, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at work in another"):
        Notebook(tmp_path, "Ayşe")
    Notebook(tmp_path, "Mehmet").close()
    notebook.close()
    Notebook(tmp_path, "Ayşe").close()


def test_half_written_files_of_a_killed_process_are_cleared(tmp_path: Path) -> None:
    left, others = tmp_path / ".Ayşe.csv.4711.tmp", tmp_path / ".Mehmet.csv.4711.tmp"
    left.write_text("half a li")
    others.write_text("still being written")
    Notebook(tmp_path, "Ayşe")
    assert not left.exists()
    assert others.exists()


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "a\\b", ".hidden", "a\nb", "x" * 41, "me.aside"])
def test_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--annotator"):
        annotator_name(name)


def test_names_of_any_script_are_taken() -> None:
    assert [annotator_name(name) for name in ("Gülşah Iğdır", "b.k_2-x")] == ["Gülşah Iğdır", "b.k_2-x"]


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("r,Q,1.0,a,,", "phase"),
        ("r,P,soon,a,,", "time_s"),
        ("r,P,nan,a,,", "time_s"),
        ("r,P,1.0,a,5,", "uncertainty_class"),
        ("r,P,1.0,a,,\nr,P,2.0,a,,", "one P and one S"),
    ],
)
def test_row_that_is_not_understood_is_named_with_its_line(tmp_path: Path, row: str, match: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{','.join(COLUMNS)}\nother,P,1.0,a,0,\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=match) as error:
        read_notebook(path)
    assert re_line(str(error.value)) in (3, 4)


def re_line(text: str) -> int:
    return int(text.split("line ")[1].split(":")[0])


CHANGES = st.lists(
    st.one_of(
        st.tuples(
            st.just("set"), st.sampled_from([RECORD, OTHER]), st.sampled_from("PS"),
            st.integers(0, 10**6).map(lambda n: n / 1000), st.sampled_from([None, 0, 4]), st.text(max_size=8),
        ),
        st.tuples(st.just("delete"), st.sampled_from([RECORD, OTHER]), st.sampled_from("PS")),
        st.tuples(st.just("aside"), st.sampled_from([RECORD, OTHER]), st.booleans()),
        st.tuples(st.just("undo")),
    ),
    max_size=12,
)  # fmt: skip


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=CHANGES)
def test_file_always_holds_what_is_in_memory(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple]
) -> None:
    notebook = Notebook(tmp_path_factory.mktemp("notebook"), "a")
    for kind, *values in changes:
        if kind == "set":
            record_id, phase, time_s, number, comment = values
            notebook.set_pick(record_id, phase, Pick(time_s, "a", number, " ".join(comment.split())))
        elif kind == "delete":
            notebook.delete_pick(*values)
        elif kind == "aside":
            notebook.set_aside(*values)
        else:
            notebook.undo()
    held = {name: entry for name, entry in notebook.entries.items() if entry.is_done}
    assert read_notebook(notebook.path) == held
    while notebook.undo() is not None:
        pass
    assert read_notebook(notebook.path) == {}
    notebook.close()
