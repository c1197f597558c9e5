"""Automatic picks as suggestions, and where the methods disagree."""

from __future__ import annotations

from pathlib import Path

from quakesite.annotate.suggestions import Suggestion, doubts, methods_of, read_suggestions


def suggestion(method: str, phase: str, time_s: float, *flags: str) -> Suggestion:
    return Suggestion(method, phase, time_s, 0.9, flags)


def test_picks_of_other_annotators_are_never_suggested(results: Path) -> None:
    assert methods_of(read_suggestions(results / "picks.parquet")) == ["eqtransformer", "phasenet"]


def test_disagreement_of_the_archive_is_found(results: Path, record_ids: list[str]) -> None:
    found = doubts(read_suggestions(results / "picks.parquet"))
    assert {name: doubt.why for name, doubt in found.items()} == {
        record_ids[3]: "P 2.0 s apart",
        record_ids[5]: "S by 1 of 2",
    }


def test_method_that_never_picks_a_phase_does_not_miss_it() -> None:
    picks = [
        suggestion("eqtransformer", "P", 1),
        suggestion("eqtransformer", "S", 2),
        suggestion("kalkan", "P", 1),
    ]
    assert doubts({"a": picks}) == {}


def test_silence_of_author_picks_says_nothing() -> None:
    picks = {"a": [suggestion("eqtransformer", "P", 1)], "b": [suggestion("author", "P", 1)] * 1}
    picks["b"].append(suggestion("eqtransformer", "P", 1.1))
    assert doubts(picks) == {}


def test_implausible_pick_is_doubtful_even_with_one_method() -> None:
    picks = [suggestion("eqtransformer", "P", 1), suggestion("eqtransformer", "S", 9, "sp_implausible")]
    assert doubts({"a": picks})["a"].why == "S−P implausible"


def test_missing_pick_stands_before_one_that_is_apart() -> None:
    both = [suggestion(method, phase, 1) for method in ("a", "b") for phase in "PS"]
    missing = both[:-1]
    apart = [*both[:-1], suggestion("b", "S", 4)]
    found = doubts({"both": both, "missing": missing, "apart": apart})
    assert sorted(found, key=lambda name: -found[name].rank_s) == ["missing", "apart"]
