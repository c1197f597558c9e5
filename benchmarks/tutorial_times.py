"""How long the tutorial takes: types its commands in a fresh clone, on the synthetic download.

    python benchmarks/tutorial_times.py [--write]

The clone gets an environment of its own, so that step 1 is what a new user waits for. With `--write` the
table of docs/tutorial.md is written anew. What asks AFAD is left out. Needs 3 GB of disk. Beside the time on
the clock stands that of the processors, which other work on the machine lengthens less.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/tutorial.md"
BEGIN, END = "<!-- times: begin -->", "<!-- times: end -->"
LEFT_OUT = ("quakesite download",)


def steps(page: str) -> list[tuple[str, list[str], str | None]]:
    """Returns the tutorial's steps: heading, commands, and the YAML to be written as my.yaml."""
    parts = re.split(r"^## (\d+\. .+)\n", page, flags=re.MULTILINE)[1:]
    found = []
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        blocks = re.findall(r"^```bash\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        commands = [line for block in blocks for line in block.splitlines() if not line.startswith(LEFT_OUT)]
        written = re.search(r"^```yaml\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        found.append((title, commands, written.group(1) if written else None))
    return found


def typed(commands: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Runs commands one after the other in one shell; returns their seconds by clock and of processors.

    Raises:
        SystemExit: one failed.
    """
    start, before = time.perf_counter(), processor_s()
    activate = "[ -f .venv/bin/activate ] && source .venv/bin/activate"
    script = "\n".join(["set -e", f"{activate} || true", *commands])
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{commands}: exit status {done.returncode}")
    return time.perf_counter() - start, processor_s() - before


def processor_s() -> float:
    """Returns the processor seconds of all programs that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spoken(seconds: float) -> str:
    """Returns seconds as a reader says them."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def main() -> None:
    """Times the steps and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the table into docs/tutorial.md")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "quakesite"
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        environment = {name: value for name, value in os.environ.items() if name != "QUAKESITE_VENV"}
        for title, commands, written in steps((clone / PAGE).read_text(encoding="utf-8")):
            if written is not None:
                (clone / "my.yaml").write_text(written, encoding="utf-8")
            if commands:
                rows.append((title, *typed(commands, clone, environment)))
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = ["| step | clock | processor time |", "|---|---|---|"]
    lines += [f"| {title} | {spoken(clock)} | {spoken(processor)} |" for title, clock, processor in rows]
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.0f}, Python {platform.python_version()}"
    lines += ["", f"On the synthetic archive of step 2; {machine}."]
    table = "\n".join(lines)
    sys.stdout.write(table + "\n")
    if arguments.write:
        page = (ROOT / PAGE).read_text(encoding="utf-8")
        head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
        (ROOT / PAGE).write_text(f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
