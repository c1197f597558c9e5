"""What the command line says before any stage works: help, examples, wrong usage, letters, completion."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from quakesite import cli
from quakesite.cli_examples import EXAMPLES, WIDTH, epilog, leading, shown

EXAMPLE = [(words, example) for words, examples in EXAMPLES.items() for example in examples]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Runs a command in this process; returns its exit status."""
    monkeypatch.setattr(sys, "argv", ["quakesite", *words])
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert {words for words, _ in cli.commands_below(cli.root_command())} == set(EXAMPLES)


@pytest.mark.parametrize(("words", "example"), EXAMPLE)
def test_example_is_a_command_line_that_is_understood(words: str, example: str) -> None:
    program, *rest = shlex.split(example)
    if program == "snakemake":
        assert rest[:2] == ["--cores", "all"]
        return
    assert program == "quakesite"
    command = cli.root_command()
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)


@pytest.mark.parametrize(("words", "example"), EXAMPLE)
def test_example_names_what_is_in_the_checkout(words: str, example: str, root: Path) -> None:
    folders = ("config", "docs", "envs", "examples", "profiles", "workflow")
    named = [word for word in shlex.split(example) if word.split("/")[0] in folders]
    assert [word for word in named if not (root / word).exists()] == []


@pytest.mark.parametrize(("words", "example"), EXAMPLE)
def test_example_as_shown_fits_and_can_be_copied(words: str, example: str) -> None:
    lines = shown(example)
    assert shlex.split(lines.replace("\\\n", "")) == shlex.split(example)
    assert max(map(len, lines.splitlines())) <= WIDTH
    assert lines in epilog(words)


def test_one_line_of_each_command_is_in_one_mood() -> None:
    said = {
        words: command.help.split()[0] for words, command in cli.commands_below(cli.root_command()) if words
    }
    assert [words for words, first in said.items() if not re.fullmatch(r"[A-Z]\w*[^s\W],?", first)] == []


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_newcomer_is_told_the_first_commands(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, *arguments)
    said = capsys.readouterr().out
    assert "New here?" in said
    assert all(example in said for example in EXAMPLES[""])


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_switches_are_shown_without_a_value(
    asked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "doctor", asked) == 0
    said = capsys.readouterr().out
    assert "--json" in said
    assert "bool" not in said
    assert "<path>" in said


def test_help_ends_with_examples(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "predict", "--help") == 0
    assert "quakesite predict my_records/" in capsys.readouterr().out.partition("Examples:")[2]


@pytest.mark.parametrize(
    "arguments",
    [("predict",), ("stations", "join"), ("records", "show"), ("annotate",), ("export", "x", "--form", "a")],
)
def test_wrong_use_is_answered_with_a_right_one(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == cli.WRONG_USAGE
    said = capsys.readouterr().err
    assert said.endswith(f"For example:\n{shown(EXAMPLES[leading(arguments)][0])}\n")


def test_mistyped_command_is_answered_with_the_right_one_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "stations", "chek") == cli.WRONG_USAGE
    said = capsys.readouterr().err
    assert "Did you mean 'check'?" in said
    assert "For example" not in said


def test_folder_that_may_not_be_written_to_costs_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "annotations")

    monkeypatch.setattr(cli, "root_command", lambda: refused)
    assert run(monkeypatch, "annotate") == 1
    said = capsys.readouterr().err
    assert said == f"quakesite: annotations: {os.strerror(errno.EACCES)}; {cli.GET_THE_RIGHT}\n"


def test_help_needs_no_library_that_takes_long_to_import() -> None:
    heavy = ("numpy", "pyarrow", "pydantic", "pandas", "torch", "obspy", "scipy", "matplotlib", "aiohttp")
    asked = f"[name for name in {heavy} if name in sys.modules]"
    code = f"import sys; from quakesite.cli import root_command; root_command(); print({asked})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def turkish(tmp_path: Path) -> Path:
    """A station list whose name, provinces and folder have every letter that is only Turkish."""
    path = tmp_path / "İstasyonlar ğüşöçıĞÜŞÖÇ" / "iğneada şubat.xlsx"
    path.parent.mkdir()
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["Network", "Code", "Latitude", "Longitude", "Vs30", "Province"],
        ["TK", "3506", 38.4, 27.1, 362, "Çanakkale İğdır Ağrı Şırnak"],
    ):
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "iso8859-9", "cp1254", "ascii", "cp437"])
@pytest.mark.parametrize("form", [["--json"], ["--all"]])
def test_turkish_names_are_printed_whatever_the_terminal(
    encoding: str, form: list[str], turkish: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding=encoding))
    assert run(monkeypatch, "stations", "check", str(turkish.parent), *form, "--settings", "{}") == 0
    sys.stdout.flush()
    text = printed.getvalue().decode(encoding, "replace")
    letters = "Çanakkale İğdır Ağrı Şırnak"
    if encoding in ("utf-8", "iso8859-9", "cp1254") and form == ["--json"]:
        assert letters in text
        assert str(turkish) in text
    assert "3506" in text


def test_turkish_name_that_is_mistyped_is_found(
    turkish: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "stations", "check", str(turkish.with_name("igneada subat.csv"))) == 1
    assert f"did you mean {str(turkish)!r}?" in capsys.readouterr().err


def test_name_that_is_no_utf8_is_named_and_to_be_renamed(
    turkish: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = os.fsdecode(os.fsencode(turkish.parent) + b"/\xddstasyon.xlsx")
    shutil.copy(turkish, other)
    assert run(monkeypatch, "stations", "check", other, "--settings", "{}") == 1
    said = capsys.readouterr().err
    assert (
        "/\\xddstasyon.xlsx: its name is no UTF-8 text (made under another character set); rename it" in said
    )


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("quakesite st", ["stations"]),
        ("quakesite stations check --a", ["--all"]),
        ("quakesite training train beta_auto", ["beta_auto_pga", "beta_auto_p15"]),
        ("quakesite picks shard --method ka", ["kalkan"]),
        ("quakesite export --format n", ["numpy"]),
    ],
)
def test_shell_is_offered_commands_options_and_values(
    line: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    monkeypatch.setenv("_QUAKESITE_COMPLETE", "complete_bash")
    assert run(monkeypatch) == 0
    assert capsys.readouterr().out.split() == offered
