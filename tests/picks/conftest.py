"""Fixtures of the `picks` tests: EQTransformer's real weights, and records made for the purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.picks.weights import read_seisbench, write_weights
from quakesite.records.record import Record

RATE_HZ = 100.0
MakeRecord = Callable[..., Record]


@pytest.fixture(scope="session")
def seisbench_weights(root: Path) -> Path:
    """EQTransformer's original weights in SeisBench's form."""
    folder = root.parent / "shared" / "data" / "weights"
    if not folder.is_dir():
        pytest.skip("EQTransformer's weights in SeisBench's form (../shared/data/weights) are not here")
    return folder


@pytest.fixture(scope="session")
def weights_file(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """EQTransformer's original weights as the workflow keeps them."""
    made = root / "resources" / "weights" / "eqtransformer.safetensors"
    if made.is_file():
        return made
    target = tmp_path_factory.mktemp("weights") / "eqtransformer.safetensors"
    try:
        write_weights(read_seisbench(root.parent / "shared" / "data" / "weights"), target)
    except InputError:
        pytest.skip("EQTransformer's weights are not here: run `quakesite picks weights`")
    return target


@pytest.fixture(scope="session")
def weights_sha256(weights_file: Path) -> str:
    return sha256_of(weights_file)


@pytest.fixture(scope="session")
def model(weights_file: Path) -> Any:
    """SeisBench's EQTransformer with the original weights, as it picks."""
    import torch

    from quakesite.picks.weights import load_network

    torch.set_num_threads(1)
    return load_network(weights_file)


@pytest.fixture(scope="session")
def plain_model(weights_file: Path) -> Any:
    """The same network, every part of it as SeisBench has it."""
    from quakesite.picks.weights import load_network

    return load_network(weights_file, plain=True)


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """Makes records: noise, and from P and S on bursts that decay; the seed is the number of samples."""
    return _record


def _record(
    record_id: str = "20200101000000_0001",
    *,
    duration_s: float = 90.0,
    p_s: float | None = 20.0,
    s_s: float | None = 30.0,
    rate_hz: float = RATE_HZ,
    offset: float = 0.0,
    **fields: Any,
) -> Record:
    n_samples = round(duration_s * rate_hz)
    rng = np.random.default_rng(n_samples)
    time = np.arange(n_samples) / rate_hz
    acceleration = 0.01 * rng.standard_normal((3, n_samples))
    for onset, strength in ((p_s, (0.3, 0.3, 1.0)), (s_s, (4.0, 4.0, 1.5))):
        if onset is not None:
            since = np.maximum(time - onset, 0.0)
            envelope = np.where(since > 0, np.minimum(since / 0.2, 1.0) * np.exp(-since / 6.0), 0.0)
            carrier = np.sin(2 * np.pi * 5.0 * since) + 0.5 * rng.standard_normal((3, n_samples))
            acceleration += np.array(strength)[:, None] * envelope * carrier
    acceleration = (acceleration + offset).astype(np.float32).astype(np.float64)
    values: dict[str, Any] = {
        "record_id": record_id,
        "network": "TK",
        "station": record_id.partition("_")[2],
        "st_latitude": 38.0,
        "st_longitude": 27.0,
        "st_elevation_m": None,
        "vs30_m_s": None,
        "event_id": record_id.partition("_")[0],
        "event_time": None,
        "ev_latitude": 38.5,
        "ev_longitude": 27.0,
        "ev_depth_km": 10.0,
        "magnitude": 5.0,
        "magnitude_type": "ML",
        "epicentral_distance_km": 75.0,
        "back_azimuth_deg": 0.0,
        "form": "mp_Acc",
        "sources": (f"{record_id}_E.asc",),
        "start_time": None,
        "sampling_rate_hz": rate_hz,
        "n_samples": n_samples,
        "pga_cm_s2": float(np.sqrt((acceleration**2).sum(axis=0)).max()),
        "author_p_s": None,
        "author_s_s": None,
        "acceleration": acceleration,
    }
    return Record(**values | fields)
