"""Which Parquet layout holds four-channel windows best: column type, compression and row groups.

    python benchmarks/windows_layout.py --archive RECORDS [--windows 2048] [--update docs/windows.md]

RECORDS as in `windows.py` here. Each layout is written and read by plain pyarrow into NumPy arrays: all rows
in order, and single rows at random, for each of which its row group is decoded. (`quakesite.windows` reads
uncompressed `binary` rows without decoding, see `windows.py`.) Ratios are to the layout that quakesite uses,
named first, medians of three turns. Measure on real windows: noise does not compress as they do. `--update`
writes the table into a Markdown file, between the lines `<!-- layout -->` and `<!-- /layout -->`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from windows_forms import cut_from, simulated

from windows import update

Read = Callable[[pa.ChunkedArray], np.ndarray]
ROWS_AT_RANDOM = 128


def columns(tensors: np.ndarray) -> dict[str, tuple[pa.Array, Read]]:
    """Returns the windows as every candidate column type, and how each becomes an array again."""
    n, size = len(tensors), tensors[0].size
    values = pa.array(tensors.reshape(-1))
    stored = [tensor.tobytes() for tensor in tensors]
    tensor_type = pa.fixed_shape_tensor(pa.float32(), tensors.shape[1:])
    fixed_list = pa.FixedSizeListArray.from_arrays(values, size)
    lists = pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * size), values)

    def from_bytes(column: pa.ChunkedArray) -> np.ndarray:
        return np.stack([np.frombuffer(value.as_buffer(), "<f4") for value in column])

    def from_lists(column: pa.ChunkedArray) -> np.ndarray:
        return column.combine_chunks().flatten().to_numpy().reshape(len(column), -1)

    def from_tensors(column: pa.ChunkedArray) -> np.ndarray:
        return column.combine_chunks().to_numpy_ndarray().reshape(len(column), -1)

    return {
        "binary": (pa.array(stored, pa.binary()), from_bytes),
        "fixed-size binary": (pa.array(stored, pa.binary(4 * size)), from_bytes),
        "fixed-size list": (fixed_list, from_lists),
        "list": (lists, from_lists),
        "tensor extension": (pa.ExtensionArray.from_storage(tensor_type, fixed_list), from_tensors),
    }


def measure(
    column: pa.Array, read: Read, target: Path, order: np.ndarray, layout: dict[str, Any]
) -> tuple[float, float, float]:
    """Returns rows per second in order, rows per second at random, and bytes per row."""
    table = pa.table({"tensor": column})
    pq.write_table(table, target, use_dictionary=False, write_statistics=False, **layout)
    whole, single = [], []
    group_rows = int(layout["row_group_size"])
    for _ in range(3):
        with pq.ParquetFile(target, memory_map=True) as file:
            started = time.process_time()
            for group in range(file.num_row_groups):
                read(file.read_row_group(group)["tensor"])
            whole.append(time.process_time() - started)
            started = time.process_time()
            for row in order[:ROWS_AT_RANDOM]:
                group, place = divmod(int(row), group_rows)
                read(file.read_row_group(group)["tensor"].slice(place, 1))
            single.append(time.process_time() - started)
    size = target.stat().st_size / len(order)
    return len(order) / statistics.median(whole), ROWS_AT_RANDOM / statistics.median(single), size


def main() -> None:
    """Prints a line for each layout."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=2048)
    arguments.add_argument("--archive", type=Path)
    arguments.add_argument("--update", type=Path)
    given = arguments.parse_args()
    n = given.windows
    tensors = cut_from(given.archive, n) if given.archive else simulated(n)
    order = np.random.default_rng(1).permutation(n)
    layouts: list[tuple[str, str, dict[str, Any]]] = [
        *(("binary", f"none, groups of {rows}", {"row_group_size": rows}) for rows in (64, 1, 8, 256)),
        ("binary", "zstd, groups of 64", {"compression": "zstd", "row_group_size": 64}),
        ("binary", "snappy, groups of 64", {"compression": "snappy", "row_group_size": 64}),
        *((kind, "none, groups of 64", {"row_group_size": 64}) for kind in list(columns(tensors[:1]))[1:]),
        ("fixed-size list", "zstd, groups of 64", {"compression": "zstd", "row_group_size": 64}),
        (
            "fixed-size list",
            "zstd, byte-stream split",
            {"compression": "zstd", "row_group_size": 64, "use_byte_stream_split": True},
        ),
        ("tensor extension", "zstd, groups of 64", {"compression": "zstd", "row_group_size": 64}),
    ]
    arrays = columns(tensors)
    lines = [
        "| column, compression | all rows/s | × | single rows/s | × | kB/window |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    reference: tuple[float, float] | None = None
    with tempfile.TemporaryDirectory() as folder:
        for kind, label, layout in layouts:
            column, read = arrays[kind]
            options = {"compression": "none", **layout}
            if reference is None:  # the first pass of all is the slowest
                measure(column, read, Path(folder) / "x.parquet", order, options)
            whole, single, size = measure(column, read, Path(folder) / "x.parquet", order, options)
            reference = reference or (whole, single)
            lines.append(
                f"| {kind}, {label} | {whole:,.0f} | {whole / reference[0]:.2f} "
                f"| {single:,.0f} | {single / reference[1]:.2f} | {size / 1000:.1f} |"
            )
            print(lines[-1], flush=True)
    origin = f"from the records in `{given.archive.name}`, repeated" if given.archive else "of noise"
    lines += [
        "",
        f"{n} windows of {tensors.shape[1]} x {tensors.shape[2]} float32, {origin}; processor time.",
    ]
    if given.update:
        update(given.update, "layout", lines)


if __name__ == "__main__":
    main()
