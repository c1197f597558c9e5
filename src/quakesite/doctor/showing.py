"""Findings as a table on a terminal, as plain lines in a log, as JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from quakesite.doctor.finding import Finding, State, any_failed

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red"}


def show(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Writes the findings to standard output."""
    if as_json:
        sys.stdout.write(to_json(findings))
    elif sys.stdout.isatty():
        _show_table(findings)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(findings)))


def to_json(findings: Sequence[Finding]) -> str:
    """Returns the findings as JSON: `ok`, whether nothing failed, and `checks`."""
    values = {"ok": not any_failed(findings), "checks": [asdict(finding) for finding in findings]}
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def lines(findings: Sequence[Finding]) -> list[str]:
    """Returns one line per finding, its action behind an arrow, and a last line that counts."""
    shown = [
        f"{one.state:7}  {one.check}: {one.found}" + (f" -> {one.action}" if one.action else "")
        for one in findings
    ]
    return [*shown, summary(findings)]


def summary(findings: Sequence[Finding]) -> str:
    """Returns how many findings there are of each state."""
    return ", ".join(f"{sum(one.state is state for one in findings)} {state}" for state in State)


def _show_table(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("check", "", "found", "what to do", show_lines=False, title_justify="left")
    for one in findings:
        table.add_row(Text(one.check), Text(one.state, COLOURS[one.state]), Text(one.found), Text(one.action))
    console = Console()
    console.print(table)
    console.print(summary(findings))
