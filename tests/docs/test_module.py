"""The Snakefile of docs/how-to/module.md plans the rules of this checkout under another workflow's names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from blocks import ROOT, blocks


def test_another_workflow_imports_the_rules(tmp_path: Path) -> None:
    page = [block for block in blocks() if block.page == "docs/how-to/module.md"]
    (snakefile,) = (block.text for block in page if block.language == "snakemake")
    (tmp_path / "Snakefile").write_text(snakefile)
    (tmp_path / "mine.yaml").write_text("quakesite: {n_shards: 2, training: {trials: 1}}\n")
    (tmp_path / "quakesite").symlink_to(ROOT)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--quiet",
            "reason",
            "--cores",
            "1",
            "--printshellcmds",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    planned = done.stdout + done.stderr
    assert done.returncode == 0, planned
    counts = dict(
        line.split()
        for line in planned.splitlines()
        if line.startswith("quakesite_") and len(line.split()) == 2
    )
    (shown,) = (block.text for block in page if block.text.startswith("job "))
    names = {words[0] for line in shown.splitlines()[2:] if len(words := line.split()) == 2}
    assert {name for name in names if name.startswith("quakesite_")} <= set(counts)
    assert counts["quakesite_records"] == "2"
    assert counts["quakesite_predictions"] == "1"
    assert "results/predictions.csv" in planned
    # What Snakemake says of itself comes first: its own place may lie in the checkout.
    plan = planned[planned.index("Building DAG of jobs") :]
    assert str(ROOT) not in plan.replace(str(tmp_path), "")
