"""P and S from the probabilities of a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quakesite.picks.candidates import Candidate, Clock, best_pair, candidates, settled
from quakesite.picks.device import batch_size_for
from quakesite.picks.flags import Flag, hypocentral_distance_km, plausible_sp_s
from quakesite.picks.networks import PHASES
from quakesite.picks.picked import Arrival, Picked, picked
from quakesite.picks.probabilities import Annotation, Annotator, Fill, Input, padded
from quakesite.picks.settings import PicksSettings
from quakesite.records.record import Record

if TYPE_CHECKING:
    from seisbench.models import WaveformModel

DETECTION = "Detection"
SETTLES = "EQTransformer"
"""The network whose early arrivals are drawn to whole seconds of its window; see `PicksSettings.timing`."""


def pick(
    records: Iterable[Record], model: WaveformModel, settings: PicksSettings, fill: Fill = padded
) -> Iterator[Picked]:
    """Yields what a network finds in each record, in the order given, with constant memory."""
    annotator = Annotator(
        model,
        stride_s=settings.stride_s,
        batch_size=settings.batch_size if settings.batch_size != "auto" else batch_size_for(model),
        padding_s=settings.padding_s,
        fill=fill,
    )
    if model.name != SETTLES:
        settings = settings.model_copy(update={"timing": "classify"})
    inputs = (Input(record, record.acceleration, record.sampling_rate_hz) for record in records)
    columns = {label: column for column, label in enumerate(annotator.labels)}
    for annotation in annotator.annotate(inputs):
        yield picked_from(annotation, columns, settings)


def picked_from(annotation: Annotation[Record], columns: dict[str, int], settings: PicksSettings) -> Picked:
    """Returns the best P and S of an annotated record, and all that was above threshold besides.

    What lies in the padding is never a pick; it stands among the rivals, before the record or behind it.

    Args:
        annotation: the probabilities.
        columns: which column of them holds which label: P and S, and Detection where the network has it.
        settings: thresholds, and how arrivals are timed.
    """
    record = annotation.record
    clock = Clock(annotation.first_s, annotation.rate_hz, record.duration_s)
    found: dict[str, list[Candidate]] = {}
    rivals: list[tuple[str, Candidate]] = []
    for phase, threshold in zip(PHASES, (settings.p_threshold, settings.s_threshold), strict=True):
        column = columns[phase]
        everything = candidates(annotation.stacked[:, column], threshold, clock)
        found[phase] = [one for one in everything if clock.holds(one.time_s)]
        rivals += [(phase, one) for one in everything if not clock.holds(one.time_s)]
        if settings.timing == "settled":
            found[phase] = settled(found[phase], annotation.settled[:, column], clock)
    distance_km = hypocentral_distance_km(record.epicentral_distance_km, record.ev_depth_km)
    sp_s = None if distance_km is None else plausible_sp_s(distance_km)
    p, s = best_pair(found["P"], found["S"], sp_s)
    remarks = [Flag.DROPPED_IN_PADDING] if _is_stronger(rivals, {"P": p, "S": s}) else []
    rivals += [
        (phase, one)
        for phase, kept in zip(PHASES, (p, s), strict=True)
        for one in found[phase]
        if one is not kept
    ]
    if DETECTION in columns:
        rivals += [("detection", one) for one in _strongest(annotation, columns[DETECTION], clock)]
    remarks += [Flag.P_UNSETTLED] if p is not None and not p.settled else []
    remarks += [Flag.S_UNSETTLED] if s is not None and not s.settled else []
    return picked(record, _arrival(p), _arrival(s), rivals, [flag for flag in Flag if flag in remarks])


def _is_stronger(dropped: Sequence[tuple[str, Candidate]], kept: Mapping[str, Candidate | None]) -> bool:
    """Returns whether a pick in the padding is more probable than the one that is kept of its phase."""
    least = {phase: 0.0 if one is None else one.probability for phase, one in kept.items()}
    return any(one.probability > least[phase] for phase, one in dropped)


def _strongest(annotation: Annotation[Record], column: int, clock: Clock) -> list[Candidate]:
    """Returns where in the record the network is most certain of an earthquake, and how certain."""
    first, last = clock.row(0.0), clock.row(clock.duration_s)
    inside = np.nan_to_num(annotation.stacked[first : last + 1, column])
    if not inside.size:
        return []
    row = int(np.argmax(inside))
    return [Candidate(clock.time_s(first + row), round(float(inside[row]), 6))]


def _arrival(candidate: Candidate | None) -> Arrival | None:
    return None if candidate is None else Arrival(candidate.time_s, candidate.probability)
