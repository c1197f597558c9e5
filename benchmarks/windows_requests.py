"""How many requests one epoch of windows takes over S3.

    python benchmarks/windows_requests.py [--windows 1024] [--update docs/windows.md]

Serves four shards from a small S3 server in this process, and counts requests for ranges of bytes: to open
them, and for an epoch in batches of 64, shuffled and in order; row by row, by batch, and with `cache`.
`--update` writes the table between the lines `<!-- requests -->` and `<!-- /requests -->` of a Markdown file.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from windows_forms import BATCH, N_SHARDS, shards, simulated

from windows import update

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "windows"))


def main() -> None:
    """Prints a line of a Markdown table for each way of reading."""
    from object_store import serving

    from quakesite.windows.dataset import WindowDataset

    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=1024)
    arguments.add_argument("--update", type=Path)
    given = arguments.parse_args()
    n = given.windows
    lines = [
        f"| requests for one epoch over S3, {n:,} windows of 96 kB in {N_SHARDS} shards, batches of {BATCH} "
        "| opening | shuffled | in order |",
        "|---|--:|--:|--:|",
    ]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "shards") as store:
        uris = [store.uri(path) for path in shards(simulated(n), Path(name) / "shards")]
        for label, size, cache in (
            ("row by row", 1, None),
            ("by batch", BATCH, None),
            ("by batch, `cache`", BATCH, Path(name) / "cache"),
        ):
            counts = []
            store.ranges.clear()
            dataset = WindowDataset(uris, cache=cache)
            counts.append(len(store.ranges))
            for shuffle in (True, False):
                store.ranges.clear()
                for indices in dataset.batches(size, seed=1, shuffle=shuffle):
                    dataset.batch(indices)
                counts.append(len(store.ranges))
            lines.append(f"| {label} | {' | '.join(f'{count:,}' for count in counts)} |")
    print("\n".join(lines))
    if given.update:
        update(given.update, "requests", lines)


if __name__ == "__main__":
    main()
