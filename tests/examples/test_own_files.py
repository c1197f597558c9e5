"""A newcomer's task: a new pick method and a new network, one file each, no stage touched.

Both as `examples/` has them, and as someone has them who copies them from the pages.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_run import PRINTED, printed, quakesite, working_in

from quakesite.errors import InputError
from quakesite.models import load
from quakesite.picks.own import own_method
from quakesite.picks.settings import PicksSettings
from quakesite.records import read
from quakesite.settings import validated
from quakesite.training.settings import TrainingSettings

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WINDOWS = "results/windows/pga60/auto/0-of-1.parquet"
RECORDS = "results/records/0-of-1.parquet"


@pytest.fixture
def workplace(finished: Path, tmp_path: Path) -> Path:
    """A copy of the small run, with the files in it."""
    folder = tmp_path / "work"
    shutil.copytree(finished, folder)
    for name in ("pick_method.py", "network.py"):
        shutil.copy2(EXAMPLES / name, folder)
    for name, page in PRINTED.items():
        (folder / name).write_text(printed(page), encoding="utf-8")
    return folder


def run(command: str, *more: str) -> None:
    """Runs a `quakesite` command that has to end well."""
    assert quakesite([*command.split(), *more]) == 0, command


@pytest.mark.parametrize("name", ["pick_method.py", "my_picker.py"])
def test_pick_method_of_ones_own_makes_picks_as_any_other(name: str, workplace: Path) -> None:
    with working_in(workplace):
        run(f"picks shard {RECORDS} --method {name} --out own.parquet --rejects own_rejects.parquet")
        run("picks join own.parquet results/picks/kalkan/0-of-1.parquet --out both.parquet")
        run("picks agreement both.parquet --out agreement.csv")
        picks = pq.read_table("own.parquet").to_pylist()
        refused = pq.read_table("own_rejects.parquet").num_rows
        n_records = pq.read_table(RECORDS, columns=["record_id"]).num_rows
        kalkan = {
            row["record_id"]: row["time_s"] for row in pq.read_table("results/picks.parquet").to_pylist()
        }
    assert len(picks) + refused == n_records
    assert {row["method"] for row in picks} == {Path(name).stem}
    assert {row["weights"] for row in picks} == {name}
    assert all(row["snr_db"] is not None for row in picks)
    near = [row for row in picks if abs(row["time_s"] - kalkan[row["record_id"]]) < 1.0]
    assert len(near) >= len(picks) / 2 > 0


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["network.py", "my_network.py"])
def test_network_of_ones_own_is_trained_saved_and_asked(name: str, workplace: Path) -> None:
    settings = {"max_epochs": 1, "batch_size": 8, "target": "ln", "network": name}
    with working_in(workplace):
        stations = "--stations results/stations/stations.parquet"
        run(
            f"training train beta_auto_pga --trial 1 --train-windows {WINDOWS} --test-windows {WINDOWS}"
            f" {stations} --splits results/training/splits/1.csv --out-dir own/1 --settings",
            json.dumps(settings),
        )
        run(
            f"evaluation model beta_auto_pga --trials own/1 --windows {WINDOWS}"
            f" {stations} --network {name} --out-dir own/model --predicted own/predicted.parquet"
        )
        files = [path.name for path in Path("own/model").iterdir()]
        estimates = load("own/model", network=name).predict(read("resources/demo/archive"))
        run(f"predict resources/demo/archive --model own/model --network {name} --no-picks --out vs30.csv")
        predicted = Path("vs30.csv").read_text(encoding="utf-8").splitlines()
    assert [name for name in files if name.endswith(".py")] == []
    assert len(estimates) == pq.read_table(workplace / WINDOWS, columns=["station"]).num_rows
    assert len(predicted) == len(estimates) + 1


def test_model_that_names_a_file_does_not_run_it(workplace: Path) -> None:
    code = (
        "from quakesite.errors import InputError\nfrom quakesite.training.presets import Model\n"
        "from quakesite.models.network import Input\n"
        "try: Model('network', 'ln').predictor(Input(3, 6000, 100.0, 100), None)\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workplace, capture_output=True, text=True, check=True, timeout=3600
    )
    assert "--network network.py" in done.stdout


def plan(folder: Path, *arguments: str | Path) -> str:
    """Returns what a dry run of the workflow in `folder` prints."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--dry-run", "--printshellcmds", "--cores", "1", *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_rules_plan_both_files_and_wait_for_them(tmp_path: Path) -> None:
    for name in ("pick_method.py", "network.py"):
        shutil.copy2(EXAMPLES / name, tmp_path)
    shutil.copy2(EXAMPLES / "network.py", tmp_path / "other.py")
    planned = plan(
        tmp_path,
        *("--config", "n_shards=1", "picks={methods: [pick_method.py]}"),
        "training={network: network.py, experiments: [beta_auto_pga],"
        " variants: [{name: another, network: other.py}]}",
        *("--", "results/models/beta_auto_pga/model.json", "results/agreement.csv"),
        "results/training_variants/another/beta_auto_pga/1/trial.json",
    )
    assert "--method pick_method.py" in planned
    assert "results/picks/pick_method/0-of-1.parquet" in planned
    assert "evaluation model beta_auto_pga --network network.py" in planned
    inputs = [line for line in planned.splitlines() if line.strip().startswith("input:")]
    assert any("pick_method.py" in line for line in inputs)
    assert any("network.py" in line for line in inputs)
    assert any("other.py" in line for line in inputs)


def test_words_of_the_pages_alone_plan_both_files(tmp_path: Path) -> None:
    for name, page in PRINTED.items():
        (tmp_path / name).write_text(printed(page), encoding="utf-8")
    settings = [printed(page, "yaml") for page in PRINTED.values()]
    (tmp_path / "my.yaml").write_text("".join(settings), encoding="utf-8")
    planned = plan(
        tmp_path,
        *("--config", "n_shards=1", "--configfile", tmp_path / "my.yaml"),
        *("--", "results/agreement.csv", "results/skill.csv"),
    )
    assert "results/picks/my_picker/0-of-1.parquet" in planned
    assert '"network":"my_network.py"' in planned.replace('": "', '":"')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def pick(record): return 1.0", "P and S in seconds"),
        ("def pick(record): return -1.0, None", "a time from 0"),
        ("def pick(record): return 'soon', None", "a time from 0"),
        ("x = 1", "nothing called pick"),
        ("def pick(record) return 1", "cannot be run"),
    ],
)
def test_what_is_no_method_is_told_in_one_line(text: str, told: str, tmp_path: Path, workplace: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    shard = str(workplace / RECORDS)
    from quakesite.records.store import iter_records

    with pytest.raises(InputError, match=told) as raised:
        own_method(file)(next(iter(iter_records(shard))))
    assert str(file) in str(raised.value)


@pytest.mark.parametrize(
    ("section", "values", "told"),
    [
        (PicksSettings, {"methods": ["eqtransfomer"]}, "did you mean 'eqtransformer'"),
        (PicksSettings, {"methods": ["folder/kalkan.py"]}, "called so already"),
        (PicksSettings, {"methods": ["my-picker.py"]}, "letters, digits and _"),
        (TrainingSettings, {"network": "spectrl"}, "did you mean 'spectral'"),
        (TrainingSettings, {"network": "tcn.py"}, "called so already"),
    ],
)
def test_names_that_do_not_do_are_told(
    section: type[PicksSettings] | type[TrainingSettings], values: dict[str, object], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        validated(section, values, "my.yaml")
