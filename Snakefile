# quakesite: from strong-motion records to site knowledge.
#
# needs   folders or zips of records (config key `archive`), station tables and MASW reports (`stations`)
# makes   results/table2.csv and the other tables and figures of `rule all`
# run     snakemake --cores all results/table2.csv
#
# One rule file per stage, in the order of the corridor; `workflow/rules/setup.smk` reads the configuration.
import sys
from importlib.util import find_spec
from pathlib import Path

from snakemake.utils import min_version

min_version("9.14")
# Where this file lies, also where another workflow imports it by `module:` (workflow.basedir is the other's then).
HOME = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
sys.path.insert(0, str(HOME / "src"))
# Imported from a forge, it lies nowhere: the package is the installed one, and Snakemake fetches what else is read.
if not HOME.is_dir():
    if find_spec("quakesite") is None:
        sys.exit(f"quakesite: {HOME}: rules from a forge need the package; pip install it (config/README.md)")
    workflow.source_path("resources/ablation.csv")
    HOME = Path(workflow.source_path("config.yaml")).parent

from quakesite.config import why_unreadable

# Snakemake itself says neither the file nor the line of YAML that is broken.
if unreadable := why_unreadable(HOME / "config.yaml", "config.yaml"):
    sys.exit(unreadable)


configfile: str(HOME / "config.yaml")


if Path("config.yaml").exists():

    configfile: "config.yaml"


include: "workflow/rules/setup.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/demo.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/stations.smk"
include: "workflow/rules/picks.smk"
include: "workflow/rules/windows.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/figures.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.figures.input,
    localrule: True


if Path(workflow.main_snakefile) == HOME / "Snakefile":
    stop_at_unknown_targets()
