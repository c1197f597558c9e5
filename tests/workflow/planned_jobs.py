"""Prints, as JSON, the jobs that Snakemake would run for the targets given: [[rule, {wildcard: value}], ...].

Run as a process of its own, so that the Snakefile imports the package of the checkout it belongs to.

    python planned_jobs.py SNAKEFILE DIRECTORY CONFIG_JSON TARGET...
"""

import json
import logging
import sys
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
    WorkflowSettings,
)


def planned_jobs(
    snakefile: Path, directory: Path, config: dict[str, object], targets: list[str]
) -> list[object]:
    """Returns the rule and the wildcards of each job of a dry-run, sorted."""
    logging.disable(logging.CRITICAL)
    output = OutputSettings(dryrun=True, quiet={Quietness.ALL})
    with SnakemakeApi(output) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(config=config),
            workflow_settings=WorkflowSettings(),
            snakefile=snakefile,
            workdir=directory,
        )
        dag = workflow.dag(DAGSettings(targets=set(targets)))
        dag.execute_workflow(executor="dryrun")
        jobs = dag.workflow_api._workflow.dag.needrun_jobs(exclude_finished=False)
        return sorted(([job.rule.name, dict(job.wildcards_dict)] for job in jobs), key=json.dumps)


if __name__ == "__main__":
    snakefile, directory, config, *targets = sys.argv[1:]
    jobs = planned_jobs(Path(snakefile), Path(directory), json.loads(config), targets)
    sys.stdout.write(json.dumps(jobs))
