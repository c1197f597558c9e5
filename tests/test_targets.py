"""A target of the workflow that no rule makes, and the one that may be meant."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.targets import asked_of, check_targets

RULES = {
    "all": [],
    "records": ["results/records/{shard}.parquet"],
    "table1": ["results/table1.csv", "results/table1.md"],
    "table2": ["results/table2.csv"],
    "model": ["results/models/{experiment}/model.json"],
    "report": ["results/reports/{unknown}.html"],
}
VALUES = {
    "shard": [f"{number}-of-8" for number in range(8)],
    "experiment": ["alpha_auto_pga", "beta_auto_pga", "beta_man_pga"],
}
MADE = re.compile(r"results/(records/\d-of-8\.parquet|table[12]\.(csv|md)|models/\w+_pga/model\.json)")


def check(*targets: str) -> None:
    """Checks targets against a workflow of a few rules."""
    check_targets(targets, RULES, lambda file: MADE.fullmatch(file) is not None, VALUES)


def parser() -> ArgumentParser:
    """A parser with the options that are looked at."""
    made = ArgumentParser()
    made.add_argument("targets", nargs="*")
    made.add_argument("--cores")
    made.add_argument("--until", nargs="+")
    return made


def test_rules_files_that_are_made_and_files_that_are_there_are_targets(tmp_path: Path) -> None:
    (tmp_path / "there.csv").touch()
    check("all", "table2", "results/table2.csv", "./results/table1.md", str(tmp_path / "there.csv"))
    check("results/records/3-of-8.parquet", "results/models/beta_auto_pga/model.json")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("results/tabel2.csv", "results/table2.csv"),
        ("result/table1.md", "results/table1.md"),
        ("table2.csv", "results/table2.csv"),
        ("tabel2.csv", "results/table2.csv"),
        ("tabel2", "table2"),
        ("recrods", "records"),
        ("results/models/beta_auto_pg/model.json", "results/models/beta_auto_pga/model.json"),
        ("results/record/3-of-8.parquet", "results/records/3-of-8.parquet"),
    ],
)
def test_mistyped_target_is_answered_by_the_right_one(given: str, meant: str) -> None:
    with pytest.raises(InputError) as refused:
        check("all", given)
    assert str(refused.value) == f"{given}: no rule makes it; did you mean {meant!r}?"


def test_path_from_the_root_is_answered_by_the_one_that_snakemake_knows() -> None:
    with pytest.raises(InputError, match=r"relative to the working directory it is results/table2\.csv"):
        check(str(Path("results/table2.csv").absolute()))


def test_target_like_none_is_answered_by_where_they_are_listed() -> None:
    with pytest.raises(InputError, match=r"xyzzy: no rule makes it; .*snakemake --list"):
        check("xyzzy")


@pytest.mark.parametrize(
    "program", ["/usr/bin/snakemake", "/lib/python3/site-packages/snakemake/__main__.py"]
)
def test_targets_are_read_from_snakemakes_command_line(program: str) -> None:
    words = [program, "--cores", "4", "results/table2.csv", "--until", "records", "picks"]
    assert asked_of(words, parser) == ["results/table2.csv", "records", "picks"]


@pytest.mark.parametrize("words", [[], ["pytest", "tests"], ["snakemake", "--unheard-of", "x"]])
def test_another_program_or_an_option_unheard_of_asks_nothing(words: list[str]) -> None:
    assert asked_of(words, parser) == []
