"""What all saved models have in common: a folder with `model.json`, and how far the model errs.

`saved_network` has the networks, `saved_forest` the forests; `loading` finds and reads either.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.evaluation.conformal import Calibrator
from quakesite.evaluation.pooling import Estimate, estimates, pool
from quakesite.evaluation.schema import UNMEASURED
from quakesite.evaluation.support import Floats, Support
from quakesite.picks.settings import PicksSettings
from quakesite.settings import validated
from quakesite.training.schema import PREDICTIONS
from quakesite.training.splits import NAMES

if TYPE_CHECKING:
    from quakesite.records.record import Record
    from quakesite.rejects import Reject

FORMAT, FOREST_FORMAT = "quakesite-model-1", "quakesite-forest-1"
MANIFEST, CARD = "model.json", "README.md"

Learnt = TypeVar("Learnt")
"""What a trial has trained: a network, a forest."""


@dataclass(frozen=True, slots=True)
class Member(Generic[Learnt]):
    """What one trial has trained, and the stations of each split that it had records of."""

    trial: int
    predictor: Learnt
    stations: Mapping[str, frozenset[str]]

    def split_of(self, station: str) -> str:
        """Returns train, validation or test; `unmeasured` for a station it does not know."""
        return next((name for name in NAMES if station in self.stations[name]), UNMEASURED)

    def has_seen(self, station: str) -> bool:
        """Whether it has learnt from the station, or was selected by it."""
        return station in self.stations["train"] or station in self.stations["validation"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model makes of records.

    Attributes:
        table: its predictions (`PREDICTIONS`), `vs30_m_s` being NaN.
        features: what `support` looks at, (records, features).
        stations: of each record.
    """

    table: pa.Table
    features: Floats
    stations: Sequence[str]


@dataclass(frozen=True)
class Saved(ABC, Generic[Learnt]):
    """A saved model, ready to predict. Made by `quakesite.models.load`.

    Attributes:
        folder: where it was read from.
        about: what `model.json` says.
        members: one network or forest per trial.
    """

    folder: Path
    about: Mapping[str, Any]
    members: Sequence[Member[Learnt]]

    @property
    @abstractmethod
    def name(self) -> str:
        """The experiment's or baseline's name."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """What it is, in a word or two."""

    @property
    @abstractmethod
    def looks_at_picks(self) -> bool:
        """Whether picks are of any use to it."""

    @property
    @abstractmethod
    def needed_picks(self) -> str:
        """The picks without which it has nothing to say of a record: `P`, `P and S`, or none."""

    @property
    @abstractmethod
    def picks_are_for(self) -> str:
        """What it needs them for."""

    @property
    def cannot_do_without_picks(self) -> bool:
        """Whether it has nothing to say of a record without P (and S) picks."""
        return bool(self.needed_picks)

    @abstractmethod
    def look(self, shard: Path, picks: Path, refused: list[Reject], *, limited: bool) -> Seen:
        """Returns what it makes of a shard of records.

        Args:
            shard: the records.
            picks: their picks.
            refused: records that it says nothing of are appended here.
            limited: whether its limits (`limits`) apply.
        """

    @cached_property
    def picks(self) -> PicksSettings:
        """How the arrivals were found that it was made with."""
        return validated(PicksSettings, self.about["picks"], self.folder / MANIFEST)

    @property
    def limits(self) -> dict[str, float]:
        """The limits that its records keep and picks tell: `min_snr_db`, `min_p_time_s`."""
        return {name: float(value) for name, value in self.about["limits"].items() if value is not None}

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest value of what its records had, by column of `RECORDS`, where it is known."""
        return {name: (float(low), float(high)) for name, (low, high) in self.about.get("ranges", {}).items()}

    @property
    def audit(self) -> str:
        """Why it is not to be believed, in a sentence; empty where nothing speaks against it."""
        return str(self.about.get("audit", ""))

    @cached_property
    def calibrators(self) -> list[Calibrator]:
        """The stations that say how far it errs."""
        return [
            Calibrator(row["station"], frozenset(row["members"]), row["residual_ln"])
            for row in self.about["calibration"]
        ]

    @cached_property
    def support(self) -> Support:
        """What the measured stations' records are like."""
        return Support.from_json(self.about["support"])

    def predict(
        self,
        records: Sequence[Record],
        weights: str | Path | None = None,
        rejects: list[Reject] | None = None,
    ) -> list[Estimate]:
        """Returns Vs30 of each station that has usable records, sorted by station.

        Args:
            records: as `quakesite.records.read` gives them.
            weights: the picking network's (EQTransformer's), as `quakesite picks weights` writes them or in
                SeisBench's form; without them nothing is picked, and the signal-to-noise ratio is not
                looked at.
            rejects: records that are refused are appended here; without it they make one warning.

        Raises:
            InputError: the model needs picks and there are no weights.
        """
        from quakesite.evaluation.predict import predict_records

        return predict_records(self, records, weights, rejects)

    def estimates(self, table: pa.Table, features: Floats, stations: Sequence[str]) -> list[Estimate]:
        """Returns what is said about each station of `table`.

        Args:
            table: its predictions, see `Seen`.
            features: of each record, see `Seen`.
            stations: of each record.
        """
        level = self.about["outside_level"]
        return estimates(
            pool(table),
            self.calibrators,
            self.support.p_values(features, stations, level),
            model=self.name,
            coverage=self.about["coverage"],
            outside_level=level,
        )

    def speaks(self, member: Member[Learnt], station: str) -> bool:
        """Whether a member speaks for a station: it has not seen it, or all have."""
        return not member.has_seen(station) or all(one.has_seen(station) for one in self.members)

    def said(
        self,
        member: Member[Learnt],
        record_ids: Sequence[str],
        stations: Sequence[str],
        places: Sequence[int],
        values: Sequence[float],
    ) -> pa.Table:
        """Returns what a member says as rows of the `PREDICTIONS` columns, `vs30_m_s` being NaN.

        Args:
            member: who says it.
            record_ids, stations: of all records or windows.
            places: which of these it speaks of.
            values: Vs30 in m/s of each of them.
        """
        columns = {
            "experiment": [self.name] * len(values),
            "trial": [member.trial] * len(values),
            "record_id": [record_ids[place] for place in places],
            "station": [stations[place] for place in places],
            "split": [member.split_of(stations[place]) for place in places],
            "vs30_m_s": [float("nan")] * len(values),
            "vs30_predicted_m_s": list(values),
        }
        return pa.table(columns, schema=PREDICTIONS)


AnyModel = Saved[Any]


def check_common(model: AnyModel) -> None:
    """Reads what every `model.json` must hold.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: something is missing or of the wrong kind.
        InputError: a setting is none.
    """
    _ = (model.name, model.kind, model.picks, model.limits, model.ranges, model.support)
    about = model.about
    known = [about["coverage"], about["outside_level"], *(one.residual for one in model.calibrators)]
    if not (isinstance(about["synthetic"], bool) and all(isinstance(value, float) for value in known)):
        raise ValueError("a word for a number")


def damaged(folder: Path, error: Exception) -> InputError:
    """Returns the line on a `model.json` that does not hold what it must."""
    manifest = folder / MANIFEST
    found = str(error) if isinstance(error, ValueError) and str(error) else repr(error)
    return InputError(manifest, f"damaged ({found})", action="copy the folder again")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Returns what `model.json` says, its format and that it lists its members looked at.

    Raises:
        InputError: there is no model in the folder.
    """
    manifest = folder / MANIFEST
    try:
        about = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            manifest,
            f"cannot be read ({error})",
            expected="the folder of a trained model, like results/models/beta_auto_pga",
            action="`snakemake --cores all results/models/beta_auto_pga/model.json` makes it",
        ) from None
    found = about.get("format") if isinstance(about, dict) else None
    if found not in (FORMAT, FOREST_FORMAT):
        expected = f"{FORMAT} or {FOREST_FORMAT}"
        raise InputError(manifest, repr(found), field="format", expected=expected, action="make it again")
    if not isinstance(about.get("members"), list):
        raise InputError(manifest, "damaged", field="members", action="copy the folder again")
    return dict(about)


def member_files(folder: Path, about: Mapping[str, Any]) -> list[tuple[Path, Mapping[str, Any]]]:
    """Returns the file of each member and what `model.json` says of it, every file being the one it was.

    Raises:
        InputError: nothing was trained, a file is missing, or it is another one.
    """
    if not about["members"]:
        action = str(about.get("missing", ""))
        raise InputError(folder / MANIFEST, "nothing was trained", field="members", action=action)
    found: list[tuple[Path, Mapping[str, Any]]] = []
    for row in about["members"]:
        if not (isinstance(row, dict) and {"file", "sha256", "trial", "stations"} <= row.keys()):
            raise InputError(folder / MANIFEST, "damaged", field="members", action="copy the folder again")
        file = folder / row["file"]
        if not file.is_file():
            raise InputError(
                file, "no such file", expected="what a trial has trained", action="copy it as well"
            )
        if sha256_of(file) != row["sha256"]:
            raise InputError(file, "not the file that the model was saved with", field="sha256")
        found.append((file, row))
    return found
