"""The data card of an export: what is in its files, as they are in this form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from quakesite import __version__
from quakesite.windows.schema import CHANNELS, WINDOWS, Description

Format = Literal["numpy", "seisbench", "webdataset"]

SEISBENCH_NAMES = {
    "record_id": ("trace_name_original", "record id"),
    "network": ("station_network_code", "network code"),
    "station": ("station_code", "network and station code, apart by a point"),
    "st_latitude": ("station_latitude_deg", "degree"),
    "st_longitude": ("station_longitude_deg", "degree"),
    "st_elevation_m": ("station_elevation_m", "m"),
    "event_id": ("source_id", "the event's time stamp"),
    "event_time": ("source_origin_time", "UTC"),
    "ev_latitude": ("source_latitude_deg", "degree"),
    "ev_longitude": ("source_longitude_deg", "degree"),
    "ev_depth_km": ("source_depth_km", "km"),
    "magnitude": ("source_magnitude", "as the record's header has it"),
    "magnitude_type": ("source_magnitude_type", "Mw or ML"),
    "epicentral_distance_km": ("path_ep_distance_km", "km"),
    "back_azimuth_deg": ("path_back_azimuth_deg", "from the station to the epicentre, degree from north"),
    "snr_db": ("trace_snr_db", "signal-to-noise ratio at P, dB"),
    "p_sample": ("trace_p_arrival_sample", "P in samples from the window's first; empty: not in the window"),
    "s_sample": ("trace_s_arrival_sample", "S in samples from the window's first; empty: not in the window"),
    "pick_flags": (
        "trace_pick_flags",
        "what makes the picks doubtful, apart by spaces; empty: nothing, or no pick",
    ),
    "pga_cm_s2": ("trace_pga_cmps2", "PGA of the whole record, cm/s^2"),
    "start_time": ("trace_start_time", "of the window's first sample, UTC"),
    "start_s": ("trace_start_in_record_s", "window start from the record's first sample, s"),
    "filled_samples": ("trace_filled_samples", "samples outside the record"),
    "vs30_m_s": ("station_vs_30_mps", "Vs30 of the station, m/s"),
}
"""What each column is called in SeisBench's metadata, and what it is there."""

OTHERS = {
    "trace_sampling_rate_hz": "Hz",
    "trace_name": "where the waveform is in `waveforms.hdf5`",
    "vs30_m_s": "Vs30 of the station, m/s",
    "rate_hz": "sampling rate of the window, Hz",
    "channels": "names of the channels, in order",
}

FILES = {
    "numpy": (
        "`tensors.npy`, and a row for each window in `metadata.parquet`. `metadata.csv` is the same as text: "
        'read it with station codes as text (pandas: `dtype={"station": str, "event_id": str}`); no pick and '
        "a pick without flags are both an empty `pick_flags` there."
    ),
    "seisbench": (
        "`waveforms.hdf5` and `metadata.csv`, for "
        '`seisbench.data.WaveformDataset(folder, component_order="ENZ")`. Station codes carry the network, '
        "for a bare `0119` would be read as the number 119."
    ),
    "webdataset": (
        "tar files of `<record_id>.npy` and `<record_id>.json`. `pick_flags` is null without picks, and "
        "empty where nothing is doubtful. Arrays are float32; `datasets` hands them out as lists."
    ),
}


def data_card(about: Description, table: pa.Table, form: Format, columns: Sequence[str]) -> str:
    """Returns the data card, Markdown with the front matter that Hugging Face reads.

    Args:
        about: what the shards say.
        table: the metadata of all windows.
        form: how they are exported.
        columns: what the metadata of this form are called, in order.
    """
    n_stations, n_events = (len(table[name].unique()) for name in ("station", "event_id"))
    three = form == "seisbench"
    lines = [
        "---",
        f"pretty_name: Strong-motion windows {about.window}",
        "tags: [seismology, strong-motion, accelerograms, vs30]",
        "license: other",
        *(["configs:", "- config_name: default", "  data_files: '*.tar'"] if form == "webdataset" else []),
        "---",
        f"# Strong-motion windows `{about.window}`",
        "",
        f"{table.num_rows} windows of {n_stations} stations and {n_events} events, "
        f"made by quakesite {__version__}.",
        "",
        f"- Files: {FILES[form]}",
        f"- One window: float32, ({3 if three else len(CHANNELS)}, {about.n_samples}), {about.rate_hz:g} Hz.",
        "- Channels: acceleration E, N, Z in cm/s²"
        + (
            "; P and S are arrival samples in the metadata."
            if three
            else ", then P/S: 1 from the P sample to the S sample, else 0."
        ),
        *_origin(about),
        *(
            []
            if three
            else ["- `p_sample` and `s_sample` count from the window's first sample and may lie outside it."]
        ),
        "- The count of filled samples tells how many lie where the record does not reach.",
        "",
        "## Rights",
        "",
        "The records belong to the network that recorded them; its terms hold for these windows too. "
        "Synthetic records are a demonstration and no data.",
        "",
        "## Columns",
        "",
        *(f"- `{name}`{_about(name, form)}" for name in columns),
    ]
    return "\n".join(lines) + "\n"


def _origin(about: Description) -> list[str]:
    kind: dict[str, Any] = json.loads(about.settings)
    weights = f" with weights of sha256 `{about.weights_sha256}`" if about.weights_sha256 else ""
    limits = [
        f"{what} of at least {limit:g} {unit}"
        for what, limit, unit in (
            ("a signal-to-noise ratio", about.min_snr_db, "dB"),
            ("a P time", about.min_p_time_s, "s"),
        )
        if limit is not None
    ]
    return [
        f"- Cut with: `{json.dumps(kind)}`; picks by `{about.method or 'nobody'}`{weights}"
        + (f" ({about.annotation})." if about.annotation else "."),
        f"- Records with {' and '.join(limits)} only." if limits else "- No limit on the records' quality.",
    ]


def _about(column: str, form: Format) -> str:
    if form == "seisbench":
        said = dict(SEISBENCH_NAMES.values()) | OTHERS
        return f": {said[column]}" if column in said else ""
    if column not in WINDOWS.names:
        return f": {OTHERS[column]}" if column in OTHERS else ""
    metadata = WINDOWS.field(column).metadata or {}
    parts = [metadata[key].decode() for key in (b"about", b"unit") if key in metadata]
    return f": {', '.join(parts)}" if parts else ""
