# What every stage's rules share: the checked configuration, the paths, and what makes a job stale.
#
# A job runs again when a file it reads has changed, when the source code of its stage or of what that imports
# has (`params: code=`, a digest of the contents), when a value of the configuration that it uses has
# (`params: settings=`), or when a file of the archive has that belongs to its shard (`params: sources=`, a
# digest of names, sizes and times).
import json
import shlex
import shutil
from functools import cache

from snakemake.cli import get_argument_parser
from snakemake.common.configfile import load_configfile

from quakesite.config import DEMO_TRUTH, resolve
from quakesite.errors import InputError
from quakesite.evaluation.settings import BASELINES, FORESTS
from quakesite.leftovers import remove_leftovers
from quakesite.own_file import is_own
from quakesite.picks.networks import NETWORKS
from quakesite.preflight import folder_digest, preflight, scan_archive
from quakesite.shards import shard_names, shard_of
from quakesite.staleness import code_digest
from quakesite.targets import asked_of, check_targets
from quakesite.training.experiments import EXPERIMENTS, TABLE_II
from quakesite.training.settings import NOT_OF_A_TRIAL, NOT_OF_PRETRAINING
from quakesite.training.variants import encoders_of, settings_of, variants_of

# What `config` was put together from, apart: what a user states wins over what the synthetic archive brings.
config_files = [HOME / "config.yaml", Path("config.yaml"), *workflow.overwrite_configfiles]
config_sources = [load_configfile(path) for path in config_files if Path(path).exists()]

try:
    settings = resolve(config, sources=[*config_sources, workflow.config_settings.config])
    if workflow.is_main_process:
        preflight(settings)
    ablation_variants = settings.training.ablation.variants or str(HOME / "resources" / "ablation.csv")
    training_variants = settings_of(settings.training, ablation_variants)
    encoder_variants = encoders_of(settings.training, training_variants)
except InputError as error:
    sys.exit(f"quakesite: {error}")

R = settings.results
LOGS = f"{R}/logs"
BENCHMARKS = f"{R}/benchmarks"
SHARDS = shard_names(settings.n_shards)
TRIALS = range(1, settings.training.trials + 1)
# The synthetic archive is made by a rule; its truth table stands for it until then. Commands read it, and all that
# the configuration names, from this file system (`local`), even where results are kept in an object store.
DEMO = [local(DEMO_TRUTH)] if settings.uses_demo else []
SYNTHETIC = "--synthetic" if settings.uses_demo else ""
# The windows that annotation `auto` means are those of the first automatic method.
METHOD_OF = {"auto": settings.picks.names[0], "manual": "manual"}
# A network of one's own: what trains it or predicts with it is stale when its file has changed.
OWN_NETWORK = [settings.training.network] if is_own(settings.training.network or "") else []
WITH_NETWORK = f"--network {shlex.quote(OWN_NETWORK[0])}" if OWN_NETWORK else ""
ANNOTATIONS = ["auto", "manual"] if settings.picks.manual else ["auto"]

envvars_of_jobs = "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1"
python_of_jobs = (
    "" if workflow.deployment_settings.deployment_method else f'PATH="{Path(sys.executable).parent}:$PATH" '
)
shell.prefix(
    "set -euo pipefail; "
    f'export {python_of_jobs}{envvars_of_jobs} PYTHONPATH="{HOME / "src"}"; '
    'quakesite() {{ python -m quakesite "$@"; }}; '
)


def stop_at_unknown_targets():
    """Answers a target that no rule makes by the one that may be meant, in one line.

    Snakemake tells the rules only later what is asked for: it is read from the command line, where there is one.
    """
    stores = workflow.storage_settings
    if not workflow.is_main_process or (stores and stores.default_storage_provider):
        return
    asked = asked_of(sys.argv, get_argument_parser)
    made = {rule.name: [str(file) for file in rule.output] for rule in workflow.rules}
    values = dict(
        shard=SHARDS,
        method=[*settings.picks.names, "manual"],
        network=NETWORKS,
        window=settings.windows.kinds,
        annotation=ANNOTATIONS,
        experiment=EXPERIMENTS,
        channels=["3", "4"],
        trial=TRIALS,
        variant=training_variants,
        figure=DRAWN_FROM,
        table=TABLES,
    )
    try:
        check_targets(
            asked, made, lambda file: any(rule.is_producer(file) for rule in workflow.rules), values
        )
    except InputError as error:
        sys.exit(f"quakesite: {error}")


onstart:
    # What a killed run was writing: this run holds the lock, so nobody is writing it now.
    remove_leftovers(R)


onerror:
    # On a full disk a job has no room for its message either: its log stays empty.
    if Path(R).is_dir() and shutil.disk_usage(R).free < 2**20:
        action = "make room and run the same command again"
        sys.stderr.write(f"quakesite: {R}: the disk is full (No space left on device); {action}\n")


wildcard_constraints:
    shard=r"\d+-of-\d+",
    method="|".join([*settings.picks.names, "manual"]),
    network="|".join(NETWORKS),
    window="|".join(settings.windows.kinds),
    annotation="auto|manual",
    experiment="|".join(EXPERIMENTS),
    channels="3|4",
    trial=r"\d+",
    variant="|".join(training_variants),
