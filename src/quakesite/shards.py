"""Shards: sets of stations, told from the station code alone, so that adding one never moves another."""

from __future__ import annotations

import zlib

from quakesite.errors import InputError


def shard_name(index: int, n_shards: int) -> str:
    """Returns the name of a shard as it stands in paths, e.g. `03-of-64`."""
    return f"{index:0{len(str(n_shards - 1))}d}-of-{n_shards}"


def shard_names(n_shards: int) -> list[str]:
    """Returns the names of all shards, in order."""
    return [shard_name(index, n_shards) for index in range(n_shards)]


def shard_of(station: str, n_shards: int) -> str:
    """Returns the name of the shard that holds `station`."""
    return shard_name(zlib.crc32(station.encode()) % n_shards, n_shards)


def n_shards_of(shard: str) -> int:
    """Returns how many shards there are in all, from the name of one.

    Raises:
        InputError: the name is not of the form `03-of-64`.
    """
    index, _, total = shard.partition("-of-")
    if not (index.isdecimal() and total.isdecimal() and int(index) < int(total)):
        raise InputError("--shard", repr(shard), expected="a shard's name, like 3-of-8")
    return int(total)
