#!/usr/bin/env python3
"""Runs a command inside quakesite's own environment, which it makes first where there is none.

    python3 envs/run.py snakemake --cores all results/table2.csv
    python3 envs/run.py pytest

Needs Python 3.11 or newer and nothing else. The environment is `.venv` in the checkout, with the versions
pinned in `envs/constraints.txt`; it is made again when the pins change. `QUAKESITE_VENV` puts it elsewhere.
pip's own settings (mirrors, proxies, PyTorch's wheels for another accelerator) are honoured.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "envs" / "constraints.txt"
INSTALL = ["--editable", f"{ROOT}[dev,docs,s3,slurm]"]
OLDEST = (3, 11)


def fingerprint() -> str:
    """Returns what the environment depends on, as a digest."""
    parts = [
        CONSTRAINTS.read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
        str(ROOT).encode(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make(folder: Path) -> None:
    """Makes the environment in `folder`, so that a broken attempt is never taken for a finished one."""
    print(f"quakesite: making the environment {folder} (once; a few minutes)", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # PyTorch first and alone: pip then takes the pinned build, whatever the other packages would prefer.
    pin = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch=="))
    for wanted in ([pin], INSTALL):
        subprocess.run([*pip, "--constraint", str(CONSTRAINTS), *wanted], check=True)
    (folder / "quakesite.made").write_text(fingerprint())


def main() -> None:
    """Becomes the command, or ends with the exit status that says why not."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__ if len(sys.argv) < 2 else print(__doc__))
    if sys.version_info < OLDEST:
        sys.exit(f"quakesite: Python {sys.version.split()[0]} found; 3.11 or newer is needed")
    folder = Path(os.environ.get("QUAKESITE_VENV", ROOT / ".venv")).resolve()
    made = folder / "quakesite.made"
    if not made.is_file() or made.read_text() != fingerprint():
        if importlib.util.find_spec("ensurepip") is None:
            missing = f"{sys.executable} has no ensurepip, and so makes no environment"
            sys.exit(f"quakesite: {missing}; on Debian and Ubuntu: sudo apt install python3-venv")
        try:
            make(folder)
        except subprocess.CalledProcessError as error:
            sys.exit(f"quakesite: the environment could not be made (pip ended with {error.returncode})")
    binaries = folder / "bin"
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ.pop("PYTHONHOME", None)
    program = shutil.which(sys.argv[1])
    if program is None:
        sys.exit(f"quakesite: {sys.argv[1]}: no such command in {binaries}")
    os.execv(program, sys.argv[1:])


if __name__ == "__main__":
    main()
