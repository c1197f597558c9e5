"""Windows in the forms of others: NumPy, SeisBench, and the tar shards of WebDataset and Hugging Face."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.errors import InputError
from quakesite.progress import track
from quakesite.tables import atomic_folder, write_csv, write_parquet
from quakesite.windows.datacard import SEISBENCH_NAMES, Format, data_card
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.schema import CHANNELS, Description

WINDOWS_PER_TAR = 512


def export(paths: Sequence[Path], form: Format, out: Path, vs30: Mapping[str, float] | None = None) -> int:
    """Writes all windows of the shards to the new folder `out`, with a data card, and returns how many.

    - `numpy`: `tensors.npy`, float32 (n, 4, n_samples), and `metadata.parquet` and `metadata.csv`, one row
      each.
    - `seisbench`: `metadata.csv` and `waveforms.hdf5`, which `seisbench.data.WaveformDataset(out)` opens;
      components E, N, Z, and P and S as arrival samples instead of the fourth channel, empty where they lie
      outside the window. Station codes carry their network (`TK.0119`), for SeisBench reads a bare `0119` as
      the number 119.
    - `webdataset`: `windows-000000.tar`, ..., of `<record_id>.npy` and `<record_id>.json` each.

    Args:
        paths: shards of one kind of window.
        form: one of these.
        out: folder to make.
        vs30: label by station; becomes a column, empty for stations without one.

    Raises:
        InputError: `out` exists, or a shard cannot be read.
    """
    dataset = WindowDataset(paths)
    if dataset.description is None or not len(dataset):
        raise InputError(", ".join(map(str, paths)), "no windows", expected="at least one to export")
    table = dataset.table
    if vs30 is not None:
        labels = [vs30.get(name) for name in table["station"].to_pylist()]
        table = table.append_column("vs30_m_s", pa.array(labels, pa.float64()))
    write = {"numpy": _numpy, "seisbench": _seisbench, "webdataset": _webdataset}[form]
    if out.exists():
        raise InputError(out, "exists already", expected="a new folder", action="choose another --out")
    with atomic_folder(out) as folder:
        columns = write(dataset, table, dataset.description, folder)
        card = data_card(dataset.description, table, form, columns)
        (folder / "README.md").write_text(card, encoding="utf-8")
    return len(dataset)


def _windows(dataset: WindowDataset, what: str) -> Iterator[npt.NDArray[np.float32]]:
    for index in track(range(len(dataset)), f"export to {what}"):
        yield dataset.batch([index]).tensors[0].numpy()


def _numpy(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> list[str]:
    shape = (len(dataset), *about.shape)
    tensors = np.lib.format.open_memmap(folder / "tensors.npy", "w+", dtype="<f4", shape=shape)
    for index, tensor in enumerate(_windows(dataset, "NumPy")):
        tensors[index] = tensor
    tensors.flush()
    write_csv(table, folder / "metadata.csv")
    write_parquet(table, folder / "metadata.parquet")
    return list(table.column_names)


def _seisbench(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> list[str]:
    from seisbench.data import WaveformDataWriter

    with WaveformDataWriter(folder / "metadata.csv", folder / "waveforms.hdf5") as writer:
        writer.data_format = {
            "dimension_order": "CW",
            "component_order": "".join(CHANNELS[:3]),
            "sampling_rate": about.rate_hz,
            "measurement": "acceleration",
            "unit": "cmps2",
        }
        rows = table.to_pylist()
        for row, tensor in zip(rows, _windows(dataset, "SeisBench"), strict=True):
            writer.add_trace(seisbench_row(row, about), tensor[:3])
    with open(folder / "metadata.csv", encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def seisbench_row(row: dict[str, Any], about: Description) -> dict[str, Any]:
    """Returns the metadata of one window as SeisBench names them.

    Args:
        row: its row of `schema.METADATA`, and `vs30_m_s` where it is known.
        about: what its shard says.
    """
    named = {SEISBENCH_NAMES[name][0]: value for name, value in row.items()}
    if row["network"]:
        named["station_code"] = f"{row['network']}.{row['station']}"
    for phase in ("p", "s"):
        sample = row[f"{phase}_sample"]
        inside = sample is not None and 0 <= sample <= about.n_samples - 1
        named[f"trace_{phase}_arrival_sample"] = sample if inside else None
    first = None if row["start_time"] is None else row["start_time"] + timedelta(seconds=row["start_s"])
    for name, time in (("trace_start_time", first), ("source_origin_time", row["event_time"])):
        named[name] = None if time is None else time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return named | {"trace_sampling_rate_hz": about.rate_hz}


def _webdataset(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> list[str]:
    rows = table.to_pylist()
    for first in track(range(0, len(rows), WINDOWS_PER_TAR), "export to WebDataset"):
        name = f"windows-{first // WINDOWS_PER_TAR:06d}.tar"
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as tar:
            for index, row in enumerate(rows[first : first + WINDOWS_PER_TAR], first):
                buffer = io.BytesIO()
                np.save(buffer, dataset.batch([index]).tensors[0].numpy())
                described = row | {"rate_hz": about.rate_hz, "channels": CHANNELS}
                text = json.dumps(described, sort_keys=True, default=lambda time: time.isoformat())
                _add(tar, f"{row['record_id']}.json", text.encode())
                _add(tar, f"{row['record_id']}.npy", buffer.getvalue())
    return [*table.column_names, "rate_hz", "channels"]


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
