"""The archive on disk: every station in one of the packings that TADAS downloads come in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKINGS = ("flat", "flat", "zip_in_folder", "folders_in_zip", "nested", "loose")
"""Packing of the stations, one after another. Whatever it is, one station never shares a zip with another."""
EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class File:
    """One file of one record: which event's folder or zip it goes to, its name and its text."""

    stamp: str
    name: str
    text: str


def packing_of(station_index: int) -> str:
    """Returns how the `station_index`-th station is packed."""
    return PACKINGS[station_index % len(PACKINGS)]


def pack(folder: Path, code: str, province: str, packing: str, files: Sequence[File]) -> dict[str, str]:
    """Writes the files of one station under `folder`.

    Returns:
        For each file's name where it went: path relative to `folder`, members of zips after `!`.
    """
    if packing == "loose":
        return _pack_loose(folder, code, files)
    name = f"GuestUser_{code}_export.zip"
    where = f"{province}/{name}" if packing == "zip_in_folder" else name
    target = folder / where
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as outer:
        if packing != "nested":
            members = {
                f.name: f"GuestUser_{f.stamp}_{code}/{f.name}" if packing == "folders_in_zip" else f.name
                for f in files
            }
            for f in files:
                zip_member(outer, members[f.name], f.text.encode())
            return {name: f"{where}!{member}" for name, member in members.items()}
        written = {}
        for stamp in sorted({f.stamp for f in files}):
            inner_name, buffer = f"GuestUser_{stamp}_{code}.zip", io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as inner:
                for f in files:
                    if f.stamp == stamp:
                        zip_member(inner, f.name, f.text.encode())
                        written[f.name] = f"{where}!{inner_name}!{f.name}"
            zip_member(outer, inner_name, buffer.getvalue(), compress=False)
        return written


def _pack_loose(folder: Path, code: str, files: Sequence[File]) -> dict[str, str]:
    written = {}
    for f in files:
        where = f"GuestUser_{f.stamp}_{code}/{f.name}"
        (folder / where).parent.mkdir(parents=True, exist_ok=True)
        (folder / where).write_text(f.text, encoding="utf-8", newline="\n")
        written[f.name] = where
    return written


def zip_member(archive: zipfile.ZipFile, name: str, content: bytes, *, compress: bool = True) -> None:
    """Adds a member to `archive` without the time, owner or system of this run."""
    member = zipfile.ZipInfo(name, EARLIEST)
    member.create_system = 3
    member.external_attr = 0o644 << 16
    member.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    archive.writestr(member, content, compresslevel=4 if compress else None)
