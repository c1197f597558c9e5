"""Commands that work, shown at the end of each `--help` and after a wrong use; apart from the stages, whose
results they do not touch.

The files named are those of a run of the workflow (`results/`), or a user's own (`my_records/`,
`downloads/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WIDTH = 76
"""Columns that a command may take, so that an 80-column terminal breaks none."""

R = "results"
SHARD = "0-of-8"
RECORDS = f"{R}/records/{SHARD}.parquet"
STATIONS = f"--stations {R}/stations/stations.parquet"
SPLITS = f"--splits {R}/training/splits/1.csv"
PREDICTIONS = f"{R}/training/beta_auto_pga/1/predictions.parquet"
FEATURES = f"{R}/evaluation/features/{SHARD}.parquet"
WINDOWS = f"{R}/windows/pga60/auto/{SHARD}.parquet"

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "quakesite doctor",
        "snakemake --cores all results/table2.csv",
        "quakesite evaluation summary",
    ),
    "annotate": (
        "quakesite annotate --annotator Ayşe",
        "quakesite annotate --annotator Ayşe --port 0 --no-browser",
    ),
    "annotate merge": ("quakesite annotate merge --out manual_picks.csv --queue disputed.csv",),
    "demo": ("quakesite demo make",),
    "demo make": ("quakesite demo make", "quakesite demo make --out synthetic"),
    "doctor": (
        "quakesite doctor",
        "quakesite doctor --config my.yaml",
        "quakesite doctor --profile workflow/profiles/slurm",
    ),
    "download": ("quakesite download events --start 2018-01-01 --end 2018-12-31 --min-magnitude 4",),
    "download archive": (
        "quakesite download archive 's3://bucket/tadas?region=eu-central-1' --folder tadas --dry-run",
    ),
    "download events": (
        "quakesite download events --start 2018-01-01 --end 2018-12-31 --min-magnitude 4 --out events.csv",
    ),
    "download records": (
        "quakesite download records --folder tadas --start 2018-01-01 --end 2018-01-31 --dry-run",
        "quakesite download records --folder tadas --list missing.csv",
    ),
    "evaluation": (
        "quakesite evaluation summary",
        "snakemake --cores all results/table1.csv results/table2.csv",
    ),
    "evaluation ablation": (
        f"quakesite evaluation ablation {R}/training_variants/*/beta_auto_pga/* {STATIONS}"
        " --out ablation.csv",
    ),
    "evaluation baselines": (
        f"quakesite evaluation baselines {FEATURES} {STATIONS} {SPLITS} --out-dir baselines",
    ),
    "evaluation control": (
        f"quakesite evaluation control {R}/models/alpha_auto_pga"
        f" --predicted {R}/evaluation/predicted/alpha_auto_pga.parquet --windows {WINDOWS} {STATIONS}"
        " --out control.csv",
    ),
    "evaluation counts": (
        f"quakesite evaluation counts {R}/records/catalogue.parquet --picks {R}/picks.parquet {STATIONS}"
        " --out counts.csv",
    ),
    "evaluation features": (
        f"quakesite evaluation features {RECORDS} --picks {R}/picks/kalkan/{SHARD}.parquet"
        " --out features.parquet",
    ),
    "evaluation flatfile": (
        f"quakesite evaluation flatfile {R}/records/catalogue.parquet --picks {R}/picks.parquet {STATIONS}"
        " --out flatfile.csv",
    ),
    "evaluation forests": (
        f"quakesite evaluation forests --baselines {R}/evaluation/baselines --trials 1 --features {FEATURES}"
        f" --catalogue {R}/records/catalogue.parquet {STATIONS} --out-dir models",
    ),
    "evaluation learning-curve": (
        f"quakesite evaluation learning-curve {FEATURES} {STATIONS} {SPLITS} --out learning_curve.csv",
    ),
    "evaluation model": (
        f"quakesite evaluation model beta_auto_pga --trials {R}/training/beta_auto_pga/1"
        f" --windows {WINDOWS} {STATIONS} --out-dir models/beta_auto_pga --predicted predicted.parquet",
    ),
    "evaluation paper": (
        f"quakesite evaluation paper {STATIONS}",
        "quakesite evaluation paper --stations downloads/stations.xlsx --network TK --out explained.csv",
    ),
    "evaluation predictions": (
        f"quakesite evaluation predictions {PREDICTIONS} --features {FEATURES} {STATIONS}"
        " --out predictions.csv --geojson predictions.geojson",
    ),
    "evaluation recovery": (
        f"quakesite evaluation recovery {FEATURES} --truth resources/demo/truth_stations.csv",
    ),
    "evaluation regions": (
        f"quakesite evaluation regions {R}/predictions.csv --out regions.csv --members members.csv"
        " --criteria criteria.csv",
    ),
    "evaluation rejects": (
        f"quakesite evaluation rejects {R}/records/rejects/{SHARD}.parquet --out rejects.csv",
    ),
    "evaluation skill": (f"quakesite evaluation skill {PREDICTIONS} {STATIONS} --out skill.csv",),
    "evaluation summary": ("quakesite evaluation summary", "quakesite evaluation summary --json"),
    "evaluation table1": (
        f"quakesite evaluation table1 {SPLITS} {STATIONS} --windows {WINDOWS} --out table1.csv",
    ),
    "evaluation table2": (
        f"quakesite evaluation table2 {PREDICTIONS} {STATIONS} --out table2.csv --markdown table2.md",
    ),
    "export": (f"quakesite export {R}/windows/pga60/auto --format seisbench --out exported",),
    "figures": ("snakemake --cores all results/figures/fig1.svg",),
    "figures agreement": (f"quakesite figures agreement {R}/agreement.csv --out agreement.svg",),
    "figures fig1": (f"quakesite figures fig1 {R}/stations/stations.parquet --out fig1.svg",),
    "figures fig3": (f"quakesite figures fig3 {WINDOWS} --out fig3.svg",),
    "figures fig4": (f"quakesite figures fig4 {R}/training/beta_auto_pga/1/history.csv --out fig4.svg",),
    "figures fig5": ("quakesite figures fig5 members.csv --out fig5.svg",),
    "figures fig6": (f"quakesite figures fig6 {R}/regions.csv --out fig6.svg",),
    "figures gallery": (f"quakesite figures gallery {R} --captions workflow/report --docs docs --synthetic",),
    "figures hv": (f"quakesite figures hv {R}/predictions.csv {FEATURES} --out hv.svg",),
    "figures learning-curve": (f"quakesite figures learning-curve {R}/learning_curve.csv --out curve.svg",),
    "figures map": (
        f"quakesite figures map {R}/stations/stations.parquet {R}/predictions.csv"
        f" {R}/records/catalogue.parquet {R}/picks.parquet {FEATURES} --out map.html",
    ),
    "figures overview": (
        f"quakesite figures overview {R}/records/catalogue.parquet {R}/picks.parquet --out overview.svg",
    ),
    "figures predicted": (f"quakesite figures predicted {R}/predictions.csv --out predicted.svg",),
    "figures record": (
        f"quakesite figures record {RECORDS} --picks {R}/picks.parquet --windows {WINDOWS} --out record.svg",
    ),
    "figures skill": (f"quakesite figures skill {R}/skill.csv --out skill.svg",),
    "figures table": (f"quakesite figures table {R}/predictions.csv --out predictions.html",),
    "picks": ("snakemake --cores all results/picks.parquet",),
    "picks agreement": (
        f"quakesite picks agreement {R}/picks.parquet --records {RECORDS} --out agreement.csv",
    ),
    "picks export": (
        f"quakesite picks export {R}/picks.parquet --out picks.csv",
        f"quakesite picks export {R}/picks.parquet --records {RECORDS} --out picks.xml",
    ),
    "picks join": (f"quakesite picks join {R}/picks/kalkan/{SHARD}.parquet --out picks.parquet",),
    "picks shard": (
        f"quakesite picks shard {RECORDS} --method kalkan --out picks.parquet --rejects rejects.parquet",
        f"quakesite picks shard {RECORDS} --method eqtransformer"
        " --weights resources/weights/eqtransformer.safetensors --out picks.parquet"
        " --rejects rejects.parquet",
    ),
    "picks weights": ("quakesite picks weights --out resources/weights/eqtransformer.safetensors",),
    "predict": (
        "quakesite predict my_records/",
        "quakesite predict my_records/ --model results/models/beta_auto_pga --out vs30.csv",
    ),
    "records": ("quakesite records show my_records/",),
    "records catalogue": (f"quakesite records catalogue {RECORDS} --out catalogue.parquet",),
    "records index": (
        "quakesite records index my_records/ --n-shards 8 --out sources.parquet --rejects rejects.parquet",
    ),
    "records shard": (
        f"quakesite records shard {SHARD} my_records/ --out {SHARD}.parquet --rejects rejects.parquet",
    ),
    "records show": ("quakesite records show my_records/", "quakesite records show my_records.zip --json"),
    "stations": ("quakesite stations check downloads/", "quakesite stations explain 3506"),
    "stations check": (
        "quakesite stations check downloads/",
        "quakesite stations check downloads/stations.xlsx downloads/reports --html check.html",
    ),
    "stations compare": (
        "quakesite stations compare",
        "quakesite stations compare --archive my_records/ --json",
    ),
    "stations explain": ("quakesite stations explain 3506",),
    "stations join": (
        f"quakesite stations join {RECORDS} --out stations.parquet --conflicts conflicts.csv"
        " --rejects rejects.parquet",
    ),
    "training": ("snakemake --cores all results/models/beta_auto_pga/model.json",),
    "training pretrain": (
        f"quakesite training pretrain --trial 1 --channels 4 {SPLITS} --windows {WINDOWS}"
        " --out encoder.safetensors",
    ),
    "training select": (
        f"quakesite training select {R}/training/beta_auto_pga/1 --trials trials.csv --out selection.csv",
    ),
    "training splits": (
        f"quakesite training splits {R}/stations/stations.parquet --trial 1 --seed 0 --out splits.csv",
    ),
    "training train": (
        f"quakesite training train beta_auto_pga --trial 1 {STATIONS} {SPLITS} --train-windows {WINDOWS}"
        f" --test-windows {WINDOWS} --out-dir beta_auto_pga",
    ),
    "windows": ("quakesite windows show 20201030115124_3514 --out window.png",),
    "windows export": (f"quakesite windows export {R}/windows/pga60/auto --format numpy --out arrays",),
    "windows shard": (
        f"quakesite windows shard {RECORDS} {R}/picks/kalkan/{SHARD}.parquet --window pga60"
        " --out windows.parquet --rejects rejects.parquet",
    ),
    "windows show": ("quakesite windows show 20201030115124_3514",),
}
"""By the words of the command behind `quakesite`; the first one is what a wrong use is answered with."""

PART = re.compile(r"--?\S+(?: [^-\s]\S*)?|\S+")
"""An option with its value, or another word."""

NEW_HERE = (
    "New here? In a checkout of the workflow, one after the other: what is missing, a whole run on a "
    "synthetic archive, and what came of it. More: README.md, docs/tutorial.md."
)


def shown(command: str, indent: str = "  ") -> str:
    """Returns a command as it is printed: broken where it is too long, but never behind an option's name."""
    lines = [indent]
    for part in PART.findall(command):
        if lines[-1].strip() and len(f"{lines[-1]} {part} \\") > WIDTH:
            lines[-1] += " \\"
            lines.append(f"{indent}    {part}")
        else:
            lines[-1] += f" {part}" if lines[-1].strip() else part
    return "\n".join(lines)


def epilog(words: str) -> str:
    """Returns what stands below the options in the help of a command; nothing where it has no example."""
    head = NEW_HERE if not words else "Example:"
    examples = EXAMPLES.get(words, ())
    if words and len(examples) > 1:
        head = "Examples:"
    return "\n".join([head, "", *map(shown, examples)]) if examples else ""


def leading(words: Iterable[str]) -> str:
    """Returns the words of the command that a command line begins with; none where there is none."""
    found = ""
    for word in words:
        longer = f"{found} {word}".strip()
        if longer not in EXAMPLES:
            break
        found = longer
    return found
