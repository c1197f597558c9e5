"""A reader of the synthetic files that shares nothing with the package: the tests' second opinion."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AscFile:
    """A file as text: header lines in order, then the lines of samples."""

    header: dict[str, str]
    sample_lines: list[str]


def all_files(folder: Path) -> dict[str, str]:
    """Every `.asc` under `folder`, in zips and zips in zips too, by path with members after `!`."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder).as_posix()
        if path.suffix == ".zip":
            found.update(_in_zip(where, path.read_bytes()))
        elif path.is_file():
            found[where] = path.read_text(encoding="utf-8")
    return found


def _in_zip(where: str, content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith(".zip"):
                found.update(_in_zip(f"{where}!{name}", archive.read(name)))
            else:
                found[f"{where}!{name}"] = archive.read(name).decode("utf-8")
    return found


def parse(text: str) -> AscFile:
    """Splits a file after its last header key."""
    lines = text.splitlines()
    n_header = sum(1 for line in lines if ": " in line)
    header = dict(line.split(": ", 1) for line in lines[:n_header])
    return AscFile(header, lines[n_header:])
