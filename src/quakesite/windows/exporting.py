"""Windows in the forms of others: NumPy, SeisBench, and the tar shards of WebDataset and Hugging Face."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite import __version__
from quakesite.errors import InputError
from quakesite.progress import track
from quakesite.tables import write_csv
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.schema import CHANNELS, WINDOWS, Description

Format = Literal["numpy", "seisbench", "webdataset"]
WINDOWS_PER_TAR = 512
SEISBENCH_NAMES = {
    "record_id": "trace_name_original",
    "station": "station_code",
    "st_latitude": "station_latitude_deg",
    "st_longitude": "station_longitude_deg",
    "event_id": "source_id",
    "ev_latitude": "source_latitude_deg",
    "ev_longitude": "source_longitude_deg",
    "ev_depth_km": "source_depth_km",
    "magnitude": "source_magnitude",
    "epicentral_distance_km": "path_ep_distance_km",
    "back_azimuth_deg": "path_back_azimuth_deg",
    "snr_db": "trace_snr_db",
    "p_sample": "trace_p_arrival_sample",
    "s_sample": "trace_s_arrival_sample",
    "pick_flags": "trace_pick_flags",
    "pga_cm_s2": "trace_pga_cmps2",
    "start_s": "trace_start_in_record_s",
    "filled_samples": "trace_filled_samples",
    "vs30_m_s": "station_vs_30_mps",
}


def export(paths: Sequence[Path], form: Format, out: Path, vs30: Mapping[str, float] | None = None) -> int:
    """Writes all windows of the shards to the new folder `out`, with a data card, and returns how many.

    - `numpy`: `tensors.npy`, float32 (n, 4, n_samples), and `metadata.csv`, one row each.
    - `seisbench`: `metadata.csv` and `waveforms.hdf5`, which `seisbench.data.WaveformDataset(out)` opens;
      components E, N, Z, and P and S as arrival samples instead of the fourth channel.
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
    with _new_folder(out) as folder:
        write(dataset, table, dataset.description, folder)
        card = data_card(dataset.description, table, form)
        (folder / "README.md").write_text(card, encoding="utf-8")
    return len(dataset)


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    if target.exists():
        raise InputError(target, "exists already", expected="a new folder", action="choose another --out")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.mkdir()
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _windows(dataset: WindowDataset, what: str) -> Iterator[npt.NDArray[np.float32]]:
    for index in track(range(len(dataset)), f"export to {what}"):
        yield dataset.batch([index]).tensors[0].numpy()


def _numpy(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> None:
    shape = (len(dataset), *about.shape)
    tensors = np.lib.format.open_memmap(folder / "tensors.npy", "w+", dtype="<f4", shape=shape)
    for index, tensor in enumerate(_windows(dataset, "NumPy")):
        tensors[index] = tensor
    tensors.flush()
    write_csv(table, folder / "metadata.csv")


def _seisbench(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> None:
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
            named = {SEISBENCH_NAMES[name]: value for name, value in row.items()}
            writer.add_trace(named | {"trace_sampling_rate_hz": about.rate_hz}, tensor[:3])


def _webdataset(dataset: WindowDataset, table: pa.Table, about: Description, folder: Path) -> None:
    rows = table.to_pylist()
    for first in track(range(0, len(rows), WINDOWS_PER_TAR), "export to WebDataset"):
        name = f"windows-{first // WINDOWS_PER_TAR:06d}.tar"
        with tarfile.open(folder / name, "w", format=tarfile.USTAR_FORMAT) as tar:
            for index, row in enumerate(rows[first : first + WINDOWS_PER_TAR], first):
                buffer = io.BytesIO()
                np.save(buffer, dataset.batch([index]).tensors[0].numpy())
                described = row | {"rate_hz": about.rate_hz, "channels": CHANNELS}
                _add(tar, f"{row['record_id']}.json", json.dumps(described, sort_keys=True).encode())
                _add(tar, f"{row['record_id']}.npy", buffer.getvalue())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def data_card(about: Description, table: pa.Table, form: Format) -> str:
    """Returns the data card, Markdown with the front matter that Hugging Face reads."""
    n_stations = len(table["station"].unique())
    kind: dict[str, Any] = json.loads(about.settings)
    lines = [
        "---",
        f"pretty_name: Strong-motion windows {about.window}",
        "tags: [seismology, strong-motion, accelerograms, vs30]",
        "license: other",
        *(["configs:", "- config_name: default", "  data_files: '*.tar'"] if form == "webdataset" else []),
        "---",
        f"# Strong-motion windows `{about.window}`",
        "",
        f"{table.num_rows} windows of {n_stations} stations and {len(table['event_id'].unique())} events, "
        f"made by quakesite {__version__}.",
        "",
        f"- One window: float32, ({len(CHANNELS)}, {about.n_samples}), {about.rate_hz:g} Hz.",
        "- Channels: acceleration E, N, Z in cm/s², then P/S: 1 from the P sample to the S sample, else 0"
        + (" (here as arrival samples in the metadata)." if form == "seisbench" else "."),
        f"- Cut with: `{json.dumps(kind)}`; picks by `{about.method or 'nobody'}`"
        + (f" with weights of sha256 `{about.weights_sha256}`." if about.weights_sha256 else "."),
        "- `p_sample` and `s_sample` count from the window's first sample and may lie outside it; "
        "`filled_samples` tells how many samples were filled because the record does not reach so far.",
        "",
        "## Rights",
        "",
        "The records belong to the network that recorded them; its terms hold for these windows too. "
        "Synthetic records are a demonstration and no data.",
        "",
        "## Columns",
        "",
        *(f"- `{name}`{_about(name)}" for name in table.column_names),
    ]
    return "\n".join(lines) + "\n"


def _about(column: str) -> str:
    if column not in WINDOWS.names:
        return ": Vs30 of the station in m/s" if column == "vs30_m_s" else ""
    said = WINDOWS.field(column).metadata or {}
    parts = [said[key].decode() for key in (b"about", b"unit") if key in said]
    return f": {', '.join(parts)}" if parts else ""
