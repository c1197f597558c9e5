"""The examples that `--help` shows, run on a small run of the workflow; tests/test_cli.py reads them all."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from blocks import ROOT
from small_run import quakesite, working_in

from quakesite.cli_examples import EXAMPLES

sys.path.insert(0, str(ROOT / "docs"))

from making import rules

RUN = (
    "evaluation counts",
    "evaluation flatfile",
    "evaluation predictions",
    "evaluation rejects",
    "evaluation summary",
    "evaluation table1",
    "evaluation table2",
    "export",
    "figures fig1",
    "figures fig4",
    "figures predicted",
    "figures table",
    "picks agreement",
    "picks export",
    "picks join",
    "predict",
    "records catalogue",
    "records show",
    "stations check",
    "stations compare",
    "stations explain",
    "training select",
    "training splits",
    "windows export",
    "windows shard",
    "windows show",
)
"""What takes a second at most on the small run and needs neither a server nor other networks' weights."""


@pytest.mark.parametrize("words", RUN)
def test_example_of_the_help_runs(words: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pq.read_table(
        workplace / "results/windows/pga60/auto/0-of-8.parquet", columns=["record_id", "station"]
    )
    record, station = table["record_id"][0].as_py(), table["station"][0].as_py()
    example = re.sub(r"\b\d{14}_\d{4}\b", record, EXAMPLES[words][-1]).replace("3506", station)
    with working_in(workplace):
        status = quakesite(shlex.split(example)[1:])
    assert status == 0, f"{example}: {capsys.readouterr().err}"


def test_targets_of_the_examples_are_made_by_rules() -> None:
    page = rules.page()
    targets = [
        word
        for examples in EXAMPLES.values()
        for example in examples
        for word in example.split()[3:]
        if example.startswith("snakemake")
    ]
    assert targets
    made = [one.replace("beta_auto_pga", "{experiment}").replace("fig1", "{figure}") for one in targets]
    assert [one for one in made if f"`{one}`" not in page] == []
