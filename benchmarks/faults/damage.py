"""Ways to harm a file: flipped bytes, another kind of file in its place, another time."""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quakesite.seal import DIGEST_BYTES, MAGIC, TAIL_BYTES


def flip(path: Path, offset: int) -> None:
    """Flips one bit of the byte at `offset`; the file's time is now."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def place_in_data(path: Path, rng: random.Random) -> int:
    """Returns an offset among the values of a Parquet file."""
    return rng.randrange(len(b"PAR1") + 64, _footer_start(path) - len(MAGIC) - DIGEST_BYTES)


def place_in_footer(path: Path, rng: random.Random) -> int:
    """Returns an offset in the footer of a Parquet file."""
    return rng.randrange(_footer_start(path), path.stat().st_size - TAIL_BYTES)


def _footer_start(path: Path) -> int:
    content = path.read_bytes()[-TAIL_BYTES:]
    return path.stat().st_size - TAIL_BYTES - int.from_bytes(content[:4], "little")


def flip_in_member(archive: Path) -> str:
    """Flips a bit in the packed data of the first member of a zip, and returns the member's name."""
    with zipfile.ZipFile(archive) as opened:
        member = next(info for info in opened.infolist() if info.compress_size > 1000)
    flip(archive, member.header_offset + 30 + len(member.filename) + member.compress_size // 2)
    return member.filename


def spoil_number(path: Path) -> None:
    """Turns a digit of a sample into a letter, as a flipped bit can (`1` is 0x31, `q` 0x71)."""
    content = bytearray(path.read_bytes())
    lines = content.split(b"\n")
    at = len(content) - len(b"\n".join(lines[-100:])) + 3
    while not chr(content[at]).isdigit():
        at += 1
    content[at] ^= 0x40
    path.write_bytes(bytes(content))


@contextmanager
def restored(path: Path) -> Iterator[None]:
    """Puts the file at `path` back as it was, its time included, when the block ends."""
    content, status = path.read_bytes(), path.stat()
    try:
        yield
    finally:
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            path.rmdir()
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_folder(path: Path) -> None:
    """Puts an empty folder where a file was."""
    path.unlink()
    path.mkdir()


def replace_by_dangling_link(path: Path) -> None:
    """Puts a link to nowhere where a file was."""
    path.unlink()
    path.symlink_to("nowhere")


def shift_times(folder: Path, seconds: float) -> int:
    """Moves the times of all files below `folder`, and returns how many there are."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for path in paths:
        moved = path.stat().st_mtime_ns + int(seconds * 1e9)
        os.utime(path, ns=(moved, moved))
    return len(paths)
