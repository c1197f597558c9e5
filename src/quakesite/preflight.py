"""What is looked at before the first job starts, so that a wrong path costs a second and not an hour.

Light on purpose: it runs each time the Snakefile is parsed.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quakesite.config import DEMO, Config
from quakesite.errors import InputError
from quakesite.own_file import is_own
from quakesite.picks.networks import AUTO, is_path
from quakesite.records.archive import Scan, scan


@dataclass(frozen=True)
class Archive:
    """The archive's files as digests: what changes when a file comes, goes, grows or is written again."""

    files: Scan
    n_shards: int

    def digest(self, shard: str) -> str:
        """Returns the digest of the files whose stations belong to `shard`."""
        return self.files.digest(shard, self.n_shards)

    def digest_all(self) -> str:
        """Returns the digest of all files, those included that no reader is meant for."""
        files = [f"{file.relative} {file.size} {file.mtime_ns}" for file in self.files.found]
        return _short([*files, *(" ".join(refused) for refused in self.files.refused)])


@cache
def scan_archive(folders: tuple[str, ...], n_shards: int, made: int = 0) -> Archive:
    """Returns the archive's files, scanned once per run.

    Args:
        folders: the configured folders or zips.
        n_shards: number of shards.
        made: when the archive was made, in ns, if it is the synthetic one; a new time means a new scan.

    Raises:
        InputError: a path does not exist, or there is no record in any of them.
    """
    del made
    return Archive(scan(folders), n_shards)


def preflight(config: Config) -> None:
    """Checks that everything the configuration names is there and looks like what it should be.

    Raises:
        InputError: the first thing that is not.
    """
    if not config.uses_demo:
        scan_archive(tuple(config.archive), config.n_shards, 0)  # as the rules ask: the scan is theirs, too
    if config.records.events:
        from quakesite.records.events import events_of

        for table in config.records.events:
            events_of(table)
    check_stations(config)
    check_picks(config)
    check_network(config)


def check_stations(config: Config) -> None:
    """Checks that the station tables, reports, layouts and site features that are named are there.

    Raises:
        InputError: the first that is not.
    """
    tables = [path for path in config.stations.tables if not _made_by_demo(config, path)]
    if tables:
        from quakesite.stations.tables import check_tables

        check_tables(tables)
    for field in ("reports", "layouts"):
        for folder in getattr(config.stations, field):
            if not _made_by_demo(config, folder) and not Path(folder).is_dir():
                raise InputError("config", f"{folder!r} is no folder", field=f"stations.{field}")
    for feature in config.stations.features:
        if not Path(feature.file).exists():
            raise InputError("config", f"{feature.file!r} does not exist", field="stations.features.file")


def check_picks(config: Config) -> None:
    """Checks that the manual picks and the networks' weights that are named are there.

    Raises:
        InputError: the first that is not.
    """
    manual = config.picks.manual
    if manual is not None and not _made_by_demo(config, manual):
        from quakesite.picks.manual import check_manual

        check_manual(manual)
    for file in config.picks.own.values():
        _check_own_file(file, "picks.methods")
    for network in config.picks.networks:
        weights = config.picks.weights_of(network)
        if weights != AUTO and is_path(weights) and not Path(weights).exists():
            raise InputError(
                "config",
                f"{weights!r} does not exist",
                field="picks.weights",
                expected="auto, a folder or a file, or a name of SeisBench's",
            )


def check_network(config: Config) -> None:
    """Checks that the file of a network of one's own is there.

    Raises:
        InputError: it is not.
    """
    network = config.training.network
    if network is not None and is_own(network):
        _check_own_file(network, "training.network")


def _check_own_file(file: str, field: str) -> None:
    if not Path(file).is_file():
        raise InputError("config", f"{file!r} does not exist", field=field, expected="a Python file")


def _made_by_demo(config: Config, path: str) -> bool:
    return config.uses_demo and Path(path).is_relative_to(DEMO)


def folder_digest(folder: str | Path) -> str:
    """Returns a digest of the names, sizes and times of all files below `folder`."""
    rows: list[str] = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            status = os.stat(path)
            rows.append(f"{os.path.relpath(path, folder)} {status.st_size} {status.st_mtime_ns}")
    return _short(rows)


def _short(rows: list[str]) -> str:
    text = "\n".join(rows).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=8).hexdigest()
