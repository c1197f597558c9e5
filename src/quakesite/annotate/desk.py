"""What lies before an annotator: records, suggestions, notebook, and what is said about a record."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quakesite.annotate.index import Record, RecordIndex
from quakesite.annotate.notebook import LONGEST_COMMENT, Notebook, Pick
from quakesite.annotate.queues import Queue, Queues
from quakesite.annotate.signals import Band
from quakesite.annotate.suggestions import Doubt, Suggestion, Suggestions, methods_of
from quakesite.errors import InputError
from quakesite.picks.flags import Flag, flags, hypocentral_distance_km
from quakesite.picks.snr import snr_db

REMEMBERED = 100
"""Actions that are recognised when they come again."""

REMARKS = {
    Flag.S_BEFORE_P: "S is not after P",
    Flag.SP_IMPLAUSIBLE: "S−P does not fit the hypocentral distance",
    Flag.P_IN_FIRST_5S: "P lies in the first 5 s",
}

SHOWN = (
    "record_id", "station", "event_id", "magnitude", "magnitude_type", "ev_depth_km",
    "epicentral_distance_km", "form", "sampling_rate_hz", "n_samples", "pga_cm_s2",
)  # fmt: skip


class Action(BaseModel):
    """One thing an annotator did, as the page sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=8, max_length=64)]
    """Different for each action: one that is sent twice is done once."""
    kind: Literal["set", "delete", "aside", "back", "undo"]
    record_id: str = ""
    phase: Literal["P", "S"] = "P"
    time_s: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    uncertainty_class: Annotated[int, Field(ge=0, le=4)] | None = None
    comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] = ""
    merge: Annotated[str, Field(max_length=64)] = ""


@dataclass(eq=False)
class Desk:
    """Everything the page works with, and what an action does to it."""

    index: RecordIndex
    notebook: Notebook
    suggestions: Suggestions
    rivals: Suggestions
    doubts: dict[str, Doubt]
    folder: Path
    band: Band
    earth_model: str

    def __post_init__(self) -> None:
        self.queues = Queues(self.index, self.notebook, self.doubts)
        self._done: OrderedDict[str, str] = OrderedDict()
        """The last actions' ids, and the records they were about."""

    def session(self) -> dict[str, Any]:
        """Returns what the page needs to know when it opens."""
        ids = self.index.record_ids
        unpicked = self.queues.members(Queue.UNPICKED)
        return {
            "annotator": self.notebook.name,
            "file": str(self.notebook.path),
            "methods": methods_of(self.suggestions),
            "earth_model": self.earth_model,
            "band": asdict(self.band),
            "start": ids[int(unpicked[0])] if len(unpicked) else ids[0],
            "progress": self.queues.progress(),
            "can_undo": self.notebook.can_undo,
        }

    def describe(self, record_id: str) -> dict[str, Any]:
        """Returns what the page shows of a record beside its samples.

        Raises:
            UnknownRecord: there is no such record.
        """
        record = self.index.read(record_id)
        times = {name: record.metadata[name] for name in ("event_time", "start_time")}
        doubt = self.doubts.get(record_id)
        return {
            **{name: record.metadata[name] for name in SHOWN},
            **{name: time and time.isoformat() for name, time in times.items()},
            "hypocentral_distance_km": _hypocentral(record),
            "suggestions": [asdict(pick) for pick in self._suggested(record_id)],
            "rivals": [asdict(pick) for pick in self.rivals.get(record_id, ())],
            "doubt": doubt.why if doubt else "",
            **self.state(record),
        }

    def state(self, record: Record) -> dict[str, Any]:
        """Returns the annotator's picks of a record and what follows from them."""
        record_id = record.metadata["record_id"]
        entry = self.notebook[record_id]
        times = {phase: pick.time_s for phase, pick in entry.picks.items()}
        p_s, source = times.get("P"), "your P"
        if p_s is None:
            best = next((pick for pick in self._suggested(record_id) if pick.phase == "P"), None)
            p_s, source = (best.time_s, best.method) if best else (None, "")
        duration_s = (record.acceleration.shape[1] - 1) / record.rate_hz
        found = flags(times.get("P"), times.get("S"), duration_s, _hypocentral(record))
        return {
            "record_id": record_id,
            "picks": {phase: asdict(pick) for phase, pick in entry.picks.items()},
            "aside": entry.aside is not None,
            "reason": entry.reason,
            "snr_db": snr_db(record.acceleration, record.rate_hz, p_s),
            "snr_from": source,
            "remarks": [text for flag, text in REMARKS.items() if flag in found],
        }

    def _suggested(self, record_id: str) -> list[Suggestion]:
        """Returns the automatic picks of a record, the most probable first."""
        return sorted(self.suggestions.get(record_id, ()), key=lambda pick: -(pick.probability or 0))

    def act(self, action: Action) -> dict[str, Any]:
        """Does an action and returns the state of its record, once that is on disk. For one thread at a time.

        One of the last `REMEMBERED` actions that comes again is not done again.

        Raises:
            UnknownRecord: there is no such record.
            InputError: the time lies outside the record.
            Stale: the table or the records were changed by something else; nothing else has changed.
            NotWritten, OSError: it could not be written; nothing has changed.
        """
        record_id = self._done.get(action.id, action.record_id)
        if action.id not in self._done:
            if action.kind == "undo":
                record_id = self.notebook.undo() or record_id
            else:
                self._change(action, self.index.position(record_id))
            self._done[action.id] = record_id
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
        state = (
            self.state(self.index.read(record_id)) if record_id in self.index else {"record_id": record_id}
        )
        return {**state, "progress": self.queues.progress(), "can_undo": self.notebook.can_undo}

    def _change(self, action: Action, position: int) -> None:
        comment = " ".join(action.comment.split())
        if action.kind == "set":
            rate, n_samples = self.index.rates_hz[position], self.index.n_samples[position]
            sample = round(action.time_s * rate)
            if not 0 <= sample < n_samples:
                raise InputError(
                    action.record_id,
                    f"{action.time_s:g} s",
                    field=action.phase,
                    expected=f"a time within the record, 0 to {(n_samples - 1) / rate:g} s",
                )
            pick = Pick(round(sample / rate, 6), self.notebook.name, action.uncertainty_class, comment)
            self.notebook.set_pick(action.record_id, action.phase, pick, merge=action.merge)
        elif action.kind == "delete":
            self.notebook.delete_pick(action.record_id, action.phase)
        else:
            self.notebook.set_aside(
                action.record_id, action.kind == "aside", comment if action.kind == "aside" else ""
            )


def _hypocentral(record: Record) -> float | None:
    return hypocentral_distance_km(record.metadata["epicentral_distance_km"], record.metadata["ev_depth_km"])
