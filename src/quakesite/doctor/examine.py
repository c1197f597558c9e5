"""All checks, in the order in which one would mend what they find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quakesite.doctor import cluster, environment, inputs, machine, storage
from quakesite.doctor.estimate import job_bytes, results_bytes
from quakesite.doctor.finding import Finding


def examine(given: Path | None = None, profile: Path | None = None) -> Iterator[Finding]:
    """Yields what each check finds.

    Args:
        given: the user's configuration file, over `./config.yaml`.
        profile: folder of the Snakemake profile for Slurm.
    """
    yield environment.check_python()
    yield environment.check_packages()
    found, config = inputs.check_config(given)
    yield found
    yield environment.check_accelerator(config)
    found, scan = inputs.check_archive(config)
    yield found
    if scan is not None:
        yield inputs.check_shards(config, scan)
    yield inputs.check_sites(config)
    yield inputs.check_manual_picks(config)
    yield from inputs.check_weights(config)
    yield storage.check_space(config.results, results_bytes(config, scan))
    yield machine.check_memory(job_bytes(config, scan))
    yield from storage.check_writing(config.results)
    yield storage.check_file_system(config.results)
    yield storage.check_locks()
    yield storage.check_unfinished(config.results)
    yield from cluster.check_slurm(profile)
