"""`quakesite doctor` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from quakesite.doctor import showing
from quakesite.doctor.finding import any_failed, as_size, failed, ok, warning
from quakesite.doctor.showing import lines, show, summary, to_json

FINDINGS = [ok("a", "fine"), warning("b [x]", "so\nso", "mend it"), failed("c", "broken", "throw it away")]


def doctor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in `folder`, without Slurm's commands in PATH."""
    environment = {**os.environ, "PATH": str(folder), "SEISBENCH_CACHE_ROOT": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "quakesite", "doctor", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_failed_is_exit_status_0_and_plain_lines(here: Path) -> None:
    done = doctor(here)
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.splitlines()
    assert shown[-1].endswith("0 failed")
    names = {line.split(":")[0].split(maxsplit=1)[1] for line in shown[:-1]}
    assert {"python", "packages", "config", "archive", "disk", "memory", "writing", "slurm"} <= names


def test_a_failure_is_exit_status_1_in_json_too(here: Path) -> None:
    (here / "my.yaml").write_text("archiv: [x]\n")
    done = doctor(here, "--config", "my.yaml", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    said = json.loads(done.stdout)
    assert said["ok"] is False
    (wrong,) = (check for check in said["checks"] if check["state"] == "failed")
    assert wrong["check"] == "config"
    assert "did you mean 'archive'?" in wrong["found"]
    assert wrong["action"]


def test_heavy_libraries_are_left_alone(here: Path) -> None:
    """Imports of torch, ObsPy or pandas would cost seconds."""
    code = (
        "import sys; from quakesite.doctor.examine import examine; list(examine());"
        "print(sorted({'torch', 'obspy', 'pandas', 'sklearn', 'seisbench.models'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_lines_are_one_per_finding() -> None:
    assert lines(FINDINGS) == [
        "ok       a: fine",
        "warning  b [x]: so so -> mend it",
        "failed   c: broken -> throw it away",
        "1 ok, 1 warning, 1 failed",
    ]
    assert any_failed(FINDINGS)
    assert not any_failed(FINDINGS[:2])
    assert json.loads(to_json(FINDINGS[:2]))["ok"] is True
    assert summary([]) == "0 ok, 0 warning, 0 failed"


def test_on_a_terminal_it_is_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(showing.sys.stdout, "isatty", lambda: True, raising=False)
    show(FINDINGS, as_json=False)
    shown = capsys.readouterr().out
    assert "what to do" in shown
    assert "b [x]" in shown  # Rich's markup is not read from what was found
    assert "┃" in shown


def test_sizes_are_written_as_people_do() -> None:
    assert [as_size(n) for n in (999, 2.5e6, 7.51e9, 1.2e12)] == ["1 kB", "2.5 MB", "7.5 GB", "1.2 TB"]
