# What every stage's rules share: the checked configuration, the paths, and what makes a job stale.
#
# A job runs again when a file it reads has changed, when the source code of its stage or of what that imports
# has (`params: code=`, a digest of the contents), when a value of the configuration that it uses has
# (`params: settings=`), or when a file of the archive has that belongs to its shard (`params: sources=`, a
# digest of names, sizes and times).
import json
import shlex

from quakesite.config import DEMO_TRUTH, resolve
from quakesite.errors import InputError
from quakesite.evaluation.settings import BASELINES
from quakesite.picks.networks import NETWORKS
from quakesite.preflight import folder_digest, preflight, scan_archive
from quakesite.shards import shard_names
from quakesite.staleness import code_digest
from quakesite.training.experiments import EXPERIMENTS, TABLE_II

try:
    settings = resolve(config)
    if workflow.is_main_process:
        preflight(settings)
except InputError as error:
    sys.exit(f"quakesite: {error}")

R = settings.results
LOGS = f"{R}/logs"
BENCHMARKS = f"{R}/benchmarks"
SHARDS = shard_names(settings.n_shards)
TRIALS = range(1, settings.training.trials + 1)
# The synthetic archive is made by a rule; its truth table stands for it until then.
DEMO = [DEMO_TRUTH] if settings.uses_demo else []
SYNTHETIC = "--synthetic" if settings.uses_demo else ""
# The windows that annotation `auto` means are those of the first automatic method.
METHOD_OF = {"auto": settings.picks.methods[0], "manual": "manual"}
ANNOTATIONS = ["auto", "manual"] if settings.picks.manual else ["auto"]

envvars_of_jobs = "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1"
python_of_jobs = (
    "" if workflow.deployment_settings.deployment_method else f'PATH="{Path(sys.executable).parent}:$PATH" '
)
shell.prefix(
    "set -euo pipefail; "
    f'export {python_of_jobs}{envvars_of_jobs} PYTHONPATH="{Path(workflow.basedir) / "src"}"; '
    'quakesite() {{ python -m quakesite "$@"; }}; '
)


wildcard_constraints:
    shard=r"\d+-of-\d+",
    method="|".join([*settings.picks.methods, "manual"]),
    network="|".join(NETWORKS),
    window="|".join(settings.windows.kinds),
    annotation="auto|manual",
    experiment="|".join(EXPERIMENTS),
    channels="3|4",
    trial=r"\d+",
