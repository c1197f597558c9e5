"""EQTransformer, with its real weights and untouched thresholds, must find the onsets that were put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quakesite.demo.motion import simulate, site_response
from quakesite.demo.plan import plan_events, plan_records, plan_station
from quakesite.demo.processing import processed
from quakesite.demo.truth import snr_db

SEED, STATIONS, EVENTS = 0, 10, 5
PAD_S = 40.0
OVERLAP_SAMPLES = 6000 - 1837
"""Windows step by 18.37 s, no whole number of seconds, which picks would pile up on."""


@pytest.fixture(scope="module")
def errors_s(shared_data: Path) -> dict[str, np.ndarray]:
    """Pick minus truth of the most probable P and S of every record with 20 dB, NaN where none was found."""
    import obspy
    import seisbench.models
    import torch

    torch.set_num_threads(1)
    model = seisbench.models.EQTransformer.load(shared_data / "weights" / "original", version_str="3")
    events, start = plan_events(SEED, EVENTS), obspy.UTCDateTime(2020, 1, 1)
    stream, onsets = obspy.Stream(), []
    for index in range(STATIONS):
        station = plan_station(SEED, index)
        site = site_response(station)
        for plan in plan_records(SEED, station, events[station.region]):
            motion = simulate(SEED, plan, site)
            samples = processed(motion.acceleration, station.rate_hz, plan.form)
            if snr_db(samples, station.rate_hz, motion.p_s) < 20.0:
                continue
            padded = np.pad(samples, ((0, 0), (0, round(PAD_S * station.rate_hz)))).astype(np.float32)
            for component, trace in zip("ENZ", padded, strict=True):
                header = {"station": f"{len(onsets):05d}", "channel": f"HN{component}"}
                header |= {"sampling_rate": station.rate_hz, "starttime": start}
                stream += obspy.Trace(trace, header)
            onsets.append({"P": motion.p_s, "S": motion.s_s})
    found: dict[tuple[int, str], tuple[float, float]] = {}
    picks = model.classify(
        stream, P_threshold=0.3, S_threshold=0.1, overlap=OVERLAP_SAMPLES, batch_size=16
    ).picks
    for pick in picks:
        key = int(pick.trace_id.split(".")[1]), pick.phase
        found[key] = max(found.get(key, (0.0, 0.0)), (pick.peak_value, pick.peak_time - start))
    return {
        phase: np.array(
            [found.get((i, phase), (0.0, np.nan))[1] - onset[phase] for i, onset in enumerate(onsets)]
        )
        for phase in "PS"
    }


@pytest.mark.parametrize(
    ("phase", "within_s", "share"), [("P", 0.3, 0.85), ("P", 0.5, 0.95), ("S", 0.3, 0.95)]
)
def test_eqtransformer_picks_the_injected_onset(
    errors_s: dict[str, np.ndarray], phase: str, within_s: float, share: float
) -> None:
    errors = errors_s[phase]
    assert errors.size > 40
    assert np.mean(np.abs(errors) < within_s) >= share
