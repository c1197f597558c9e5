"""Prints, as JSON, the jobs that Snakemake would run: [[rule, {wildcard: value}, [output, ...]], ...].

A process of its own, run in a copy of the checkout (see checkout.py):

    python planned_outputs.py CONFIG_JSON [TARGET...]
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


def planned(config: dict[str, object], targets: list[str]) -> list[tuple[str, dict[str, str], list[str]]]:
    """Returns rule, wildcards and outputs of each job of a dry-run in this folder."""
    logging.disable(logging.CRITICAL)
    with SnakemakeApi(OutputSettings(dryrun=True, quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=2),
            config_settings=ConfigSettings(config=config),
            workflow_settings=WorkflowSettings(),
            snakefile=Path("Snakefile").absolute(),
            workdir=Path.cwd(),
        )
        dag = workflow.dag(DAGSettings(targets=set(targets)))
        dag.execute_workflow(executor="dryrun")
        jobs = dag.workflow_api._workflow.dag.needrun_jobs(exclude_finished=False)
        return [(job.rule.name, dict(job.wildcards_dict), [str(path) for path in job.output]) for job in jobs]


if __name__ == "__main__":
    given, *wanted = sys.argv[1:]
    sys.stdout.write(json.dumps(planned(json.loads(given), wanted)))
