"""The seal of a Parquet file: a digest of its footer, so that no flipped bit in it goes unseen.

Parquet has checksums for its pages and none for its footer, where the schema, the places of the pages and our
own description of the columns stand. The seal lies in the gap before the footer, which readers find from
the end of the file: other programs read a sealed file as any other. A file without a seal is one that another
program wrote, and passes.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

MAGIC = b"quakesite seal 1"
DIGEST_BYTES = 16
TAIL_BYTES = 8
"""The length of the footer, in four bytes, and `PAR1`."""


class Broken(ValueError):
    """A footer that is not the one that was written."""


def seal(path: str | Path) -> None:
    """Puts the digest of its footer before the footer of the Parquet file at `path`, written a moment ago."""
    with open(path, "r+b") as file:
        footer = _footer(file)
        file.seek(-len(footer), os.SEEK_END)
        file.write(MAGIC + _digest(footer) + footer)


def check_seal(path: str | Path) -> None:
    """Compares the footer of the Parquet file at `path` with its seal, where it has one.

    Raises:
        Broken: they differ.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        footer = _footer(file)
        size = file.seek(0, os.SEEK_END)
        before = len(MAGIC) + DIGEST_BYTES
        if size < len(footer) + before:
            return
        file.seek(-len(footer) - before, os.SEEK_END)
        found = file.read(before)
    if found.startswith(MAGIC) and found != MAGIC + _digest(footer):
        raise Broken("its footer is not the one that was written")


def _digest(footer: bytes) -> bytes:
    return hashlib.blake2b(footer, digest_size=DIGEST_BYTES).digest()


def _footer(file: IO[bytes]) -> bytes:
    """Returns the footer, its length and `PAR1` included; nothing of a file too short to have one."""
    size = file.seek(0, os.SEEK_END)
    if size < TAIL_BYTES:
        return b""
    file.seek(-TAIL_BYTES, os.SEEK_END)
    length = int.from_bytes(file.read(4), "little") + TAIL_BYTES
    if length > size:
        return b""
    file.seek(-length, os.SEEK_END)
    return file.read(length)
