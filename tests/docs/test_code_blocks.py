"""Every code block of README and documentation: run where that takes seconds, else read as its program would.

Python and `quakesite` commands run on a small run of the workflow; `snakemake` commands become one dry-run;
YAML is held against the configuration. What is not run stands in `NOT_RUN`, with the reason.
"""

from __future__ import annotations

import contextlib
import glob
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from blocks import ROOT, SHELL, Block, Command, blocks, commands
from small_run import quakesite, working_in

from quakesite.config import Config, resolve

sys.path.insert(0, str(ROOT / "docs"))

SHOWN = {
    "": "what a program prints",
    "text": "what a file or an answer looks like",
    "csv": "what a table looks like",
    "console": "a session: its commands are checked, its answers are those of other records",
    "{eval-rst}": "read by Sphinx, tests/docs/test_site.py",
    "snakemake": "planned by tests/docs/test_module.py",
}
"""Languages with nothing to run in them, and why."""

NOT_RUN = {
    ("README.md", "quakesite annotate"): "serves a page until it is stopped; tests/annotate",
    (
        "docs/annotate.md",
        "quakesite annotate",
    ): "a page, and what was picked on it; tests/annotate",
    ("docs/how-to/annotating.md", "quakesite annotate"): "as docs/annotate.md",
    ("docs/download.md", "quakesite download"): "asks AFAD's servers; tests/download has one of its own",
    ("docs/tutorial.md", "quakesite download"): "asks AFAD's servers; tests/download has one of its own",
    ("docs/windows.md", "quakesite"): "run by tests/windows/test_documentation.py",
    ("docs/windows.md", "python"): "run by tests/windows/test_documentation.py",
    (
        "docs/stations.md",
        "quakesite",
    ): "of real stations; tests/stations/test_command.py",
    ("docs/doctor.md", "quakesite doctor"): "exit status tells of this machine; tests/doctor",
    ("docs/cluster.md", "quakesite doctor"): "looks at Slurm; tests/doctor",
    ("docs/storage.md", "quakesite download"): "asks an object store; tests/storage has one of its own",
    ("docs/storage.md", "python"): "asks an object store; tests/storage has one of its own",
    ("docs/tutorial.md", "quakesite doctor"): "exit status tells of this machine; tests/doctor",
    ("docs/tutorial.md", "quakesite demo"): "makes 40 stations; the small run makes 8",
    ("docs/how-to/scripting.md", "quakesite --install-completion"): "writes into the reader's shell",
}
"""(page, how the command or the language begins): why it is read but not run."""

PROGRAMS = {
    "pytest": "runs the tests, this one included",
    "pre-commit": "a tool of the contributor's; its hooks are those of .ci/run",
    "git": "changes the reader's checkout",
    "source": "of the reader's shell",
    "cd": "of the reader's shell",
    "cp": "copies the reader's files",
    "mkdir": "of the reader's shell",
    "cut": "shows columns of a table that a whole run makes",
    "export": "of the reader's shell",
    "squeue": "asks Slurm",
    "pip": "fetches packages",
    "ruff": "run by .ci/run",
    "snakefmt": "run by .ci/run",
    "mypy": "run by .ci/run",
    "sphinx-build": "run by tests/docs/test_site.py",
    "bash": "runs a script of the checkout",
    "python": "runs a script of the checkout, or a module",
    "python3": "runs a script of the checkout, or a module",
}
"""Other programs that blocks call, and why they are not run; the scripts and tests they name must exist."""

GIVEN = {
    "docs/networks.md": "import torch; labels = torch.tensor([300.0, 500]); tensor = torch.ones(2, 4, 6000)",
}
"""What the Python of a page leaves to its reader to have."""

NAMED_RECORD, NAMED_STATION = re.compile(r"\b\d{14}_\d{4}\b"), re.compile(r"^(9043|3506|9009|3104)$")


def why_not(page: str, begins: str) -> str | None:
    """Returns why something of a page is not run; None where it is."""
    return next(
        (why for (of, start), why in NOT_RUN.items() if of == page and begins.startswith(start)), None
    )


def of_program(*names: str) -> list[Any]:
    """Returns the commands that call one of these programs, as parameters of a test."""
    return [pytest.param(one, id=str(one)) for one in commands() if one.program in names]


def in_language(*names: str) -> list[Any]:
    """Returns the blocks in one of these languages, as parameters of a test."""
    return [pytest.param(one, id=str(one)) for one in blocks() if one.language in names]


def test_every_block_is_in_a_language_that_is_looked_at() -> None:
    looked_at = {*SHELL, *SHOWN, "python", "yaml"}
    assert [str(block) for block in blocks() if block.language not in looked_at] == []


def test_every_command_is_of_a_program_that_is_looked_at() -> None:
    looked_at = {"quakesite", "snakemake", *PROGRAMS}
    assert [str(command) for command in commands() if command.program not in looked_at] == []


def test_whatever_is_not_run_is_still_there() -> None:
    there = {(command.block.page, " ".join(command.words)) for command in commands()}
    there |= {(block.page, block.language) for block in blocks()}
    known = {page for page, _ in there}
    missing = [
        (page, start)
        for page, start in NOT_RUN
        if page in known and not any(of == page and text.startswith(start) for of, text in there)
    ]
    assert missing == []


@pytest.mark.parametrize("block", in_language("bash", "sh", "shell"))
def test_shell_reads_the_block(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def root_command() -> Any:
    """The whole command line."""
    from making.commands import root_command

    return root_command()


@pytest.mark.parametrize("command", of_program("quakesite"))
def test_command_has_options_that_exist(command: Command, root_command: Any) -> None:
    current, words = root_command, list(command.words[1:])
    while words and words[0] in getattr(current, "commands", {}):
        current = current.commands[words.pop(0)]
    if words and current is root_command:
        assert all(any(word in one.opts for one in current.params) for word in words)
    else:
        current.make_context(current.name, words)


def to_be_run() -> list[Any]:
    """Returns the `quakesite` commands that are run, each once, as parameters of a test."""
    wanted: dict[tuple[str, ...], Any] = {}
    for one in commands():
        if one.program == "quakesite" and why_not(one.block.page, " ".join(one.words)) is None:
            wanted.setdefault(one.words, pytest.param(one, id=str(one)))
    return list(wanted.values())


@pytest.mark.parametrize("command", to_be_run())
def test_command_runs(command: Command, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with working_in(workplace):
        status = quakesite(list(expanded(command.words[1:])))
    hint = "mend the page, or say in NOT_RUN why it is not run here"
    assert status == 0, f"{capsys.readouterr().err}{command}: {hint}"


def expanded(words: tuple[str, ...]) -> Iterator[str]:
    """Yields the words as the shell would hand them on, records and stations exchanged for ours."""
    table = pq.read_table("results/windows/pga60/auto/0-of-8.parquet", columns=["record_id", "station"])
    record, station = table["record_id"][0].as_py(), table["station"][0].as_py()
    for word in words:
        word = NAMED_STATION.sub(station, NAMED_RECORD.sub(record, word))
        yield from sorted(glob.glob(word)) or [word]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(one, id=str(one))
        for one in blocks()
        if one.language == "python" and why_not(one.page, one.language) is None
    ],
)
def test_python_runs(block: Block, workplace: Path) -> None:
    with working_in(workplace), contextlib.redirect_stdout(io.StringIO()):
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(GIVEN.get(block.page, ""), names)
        exec(compile(block.text, str(block), "exec"), names)


@pytest.mark.parametrize("block", in_language("yaml"))
def test_yaml_is_understood(block: Block) -> None:
    values = yaml.safe_load(block.text)
    values = values.get("quakesite", values)  # as docs/how-to/module.md nests it
    if "columns" in values:
        from quakesite.stations.report_layouts import Layout

        Layout.model_validate(values)
    elif set(values) & set(Config.model_fields):
        resolve(values, str(block))
    else:
        assert_known_elsewhere(block, values)


def assert_known_elsewhere(block: Block, values: dict[str, Any]) -> None:
    """YAML that is none of ours: a profile of Snakemake, whose keys are its options."""
    from snakemake.cli import get_argument_parser

    options = {name for action in get_argument_parser()._actions for name in action.option_strings}
    unknown = [key for key in values if f"--{key}" not in options and not key.startswith("slurm-")]
    assert unknown == [], f"{block}: neither a key of the configuration nor of a profile"


def test_snakemake_plans_every_target_of_the_pages(tmp_path: Path) -> None:
    targets: set[str] = set()
    for command in commands():
        if command.program == "snakemake":
            targets.update(targets_of(command))
    shutil.copy2(ROOT / "config.yaml", tmp_path)
    wanted = sorted(name for name in targets if name not in ("all",))
    assert wanted
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
            *("--dry-run", "--quiet", "all", "--cores", "1"),
            *("--config", "picks={methods: [eqtransformer, kalkan]}", "--"),
            *wanted,
        ],
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def targets_of(command: Command) -> list[str]:
    """Returns the targets of a `snakemake` command, once its options and configuration are understood."""
    from snakemake.cli import get_argument_parser, parse_config

    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            read = get_argument_parser().parse_args(command.words[1:])
        except SystemExit as ended:
            if ended.code:
                pytest.fail(f"{command}: {errors.getvalue()}")
            return []  # --version
    if read.config:
        resolve(parse_config(read.config), str(command))
    for profile in (read.profile, read.workflow_profile):
        assert profile in (None, "none") or (ROOT / profile).is_dir(), f"{command}: no profile {profile}"
    return [str(target) for target in read.targets]


@pytest.mark.parametrize("command", of_program(*PROGRAMS))
def test_command_names_what_is_in_the_checkout(command: Command) -> None:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    if command.program == "pytest":
        named = [word.partition("::")[0] for word in words if word.startswith("tests")]
    elif (command.program.startswith("python") and "-m" not in command.words) or command.program == "bash":
        named = words[:1]
    else:
        named = []
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == [], f"{command}: not in the checkout"
    if named and named[0].endswith(".py") and command.program.startswith("python"):
        source = (ROOT / named[0]).read_text(encoding="utf-8")
        options = [word for word in command.words[1:] if word.startswith("--")]
        assert [option for option in options if f'"{option}"' not in source] == [], str(command)
