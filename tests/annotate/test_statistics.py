"""Agreement between annotators, and with the automatic picks."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.annotate.notebook import Entry, Notebook, Pick
from quakesite.annotate.statistics import agreement, compared, read_notebooks
from quakesite.annotate.suggestions import Suggestion


def entry(who: str, number: int | None = None, **times: float) -> Entry:
    return Entry({phase: Pick(time_s, who, number) for phase, time_s in times.items()})


def test_differences_are_first_minus_second() -> None:
    found = compared(
        {"a": 1.0, "b": 2.0, "c": 3.0, "x": 9.0}, {"a": 0.9, "b": 1.85, "c": 2.0, "y": 9.0, "z": 1.0}
    )
    assert found == {
        "n": 3,
        "only_ours": 1,
        "only_theirs": 2,
        "median_s": 0.15,
        "mad_s": 0.05,
        "within": [33.3, 66.7, 66.7],
    }


def test_nothing_in_common_gives_no_numbers() -> None:
    assert compared({"a": 1.0}, {})["median_s"] is None


def test_annotators_are_compared_on_what_both_have_seen() -> None:
    notebooks = {
        "Ayşe": {
            "a": entry("Ayşe", 0, P=10.0, S=15.0),
            "b": entry("Ayşe", P=10.0),
            "only Ayşe": entry("Ayşe", P=1.0),
        },
        "Mehmet": {"a": entry("Mehmet", 1, P=10.3), "b": Entry({}, "Mehmet")},
    }
    found = agreement(notebooks, {"a": [Suggestion("eqtransformer", "P", 9.9, 0.9, ())]})
    p = next(row for row in found["pairs"] if row["phase"] == "P")
    assert (p["ours"], p["theirs"], p["n"], p["only_ours"], p["median_s"]) == ("Ayşe", "Mehmet", 1, 1, -0.3)
    assert [row["record_id"] for row in found["largest"]] == ["a"]
    against = {(row["ours"], row["phase"]): row for row in found["methods"]}
    assert against["Ayşe", "P"]["median_s"] == pytest.approx(0.1)
    assert against["Mehmet", "P"]["n"] == 1
    assert found["annotators"][0]["classes"] == [2, 0, 0, 0, 0, 2]


def test_tables_of_a_folder_are_read_by_name_and_asides_are_no_annotators(tmp_path: Path) -> None:
    for name in ("Ayşe", "Mehmet"):
        notebook = Notebook(tmp_path, name)
        notebook.set_pick("a", "P", Pick(1.0, name))
        notebook.set_aside("b", True)
        notebook.close()
    found = read_notebooks(tmp_path)
    assert list(found) == ["Ayşe", "Mehmet"]
    assert found["Mehmet"]["b"].aside == "Mehmet"
