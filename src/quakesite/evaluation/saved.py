"""A trained model as a folder that needs nothing else: networks, what they learnt from, how far they err.

| file | what |
|---|---|
| `model.json` | window, channels, normalisation, picks, the members with their stations, residuals, support |
| `1.safetensors`, ... | the network of each trial |
| `README.md` | the model card |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import torch
from torch import Tensor

from quakesite.errors import InputError
from quakesite.evaluation.conformal import Calibrator
from quakesite.evaluation.pooling import Estimate, estimates, pool
from quakesite.evaluation.schema import UNMEASURED
from quakesite.evaluation.support import Floats, Support
from quakesite.models.target import Predictor
from quakesite.picks.settings import PicksSettings
from quakesite.settings import validated
from quakesite.training.schema import PREDICTIONS
from quakesite.training.splits import NAMES
from quakesite.training.weights import load_trained
from quakesite.windows.settings import Window

if TYPE_CHECKING:
    from quakesite.records.record import Record
    from quakesite.rejects import Reject

FORMAT = "quakesite-model-1"
MANIFEST, CARD = "model.json", "README.md"
BATCH = 64

Fetch = Callable[[Sequence[int]], Tensor]
"""Windows (n, channels, samples) float32 by their numbers."""


@dataclass(frozen=True, slots=True)
class Member:
    """One trial's network, and the stations of each split that it had windows of."""

    trial: int
    predictor: Predictor
    stations: Mapping[str, frozenset[str]]

    def split_of(self, station: str) -> str:
        """Returns train, validation or test; `unmeasured` for a station it does not know."""
        return next((name for name in NAMES if station in self.stations[name]), UNMEASURED)

    def has_seen(self, station: str) -> bool:
        """Whether the network has learnt from the station, or was selected by it."""
        return station in self.stations["train"] or station in self.stations["validation"]


@dataclass(frozen=True)
class SavedModel:
    """A trained model, ready to predict. Made by `quakesite.models.load`.

    Attributes:
        folder: where it was read from.
        about: what `model.json` says.
        members: one network per trial.
    """

    folder: Path
    about: Mapping[str, Any]
    members: Sequence[Member]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.about["experiment"]["name"])

    @property
    def channels(self) -> int:
        """3 (E, N, Z) or 4 (with P/S)."""
        return len(self.about["input"]["channels"])

    @property
    def rate_hz(self) -> float:
        """Sampling rate of its windows."""
        return float(self.about["input"]["rate_hz"])

    @cached_property
    def window(self) -> Window:
        """How its windows are cut."""
        return validated(Window, self.about["window"]["settings"], self.folder / MANIFEST)

    @cached_property
    def picks(self) -> PicksSettings:
        """How the arrivals were found that its windows were cut by."""
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

    @property
    def cannot_do_without_picks(self) -> bool:
        """Whether its windows cannot be made without P (and S) picks."""
        return self.channels == 4 or self.window.anchor != "pga"

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

    def table(self, record_ids: Sequence[str], stations: Sequence[str], fetch: Fetch) -> pa.Table:
        """Returns the members' predictions as rows of the `PREDICTIONS` columns, `vs30_m_s` being NaN.

        A member speaks for the stations that it has not seen; where all have seen one, all speak.

        Args:
            record_ids, stations: of each window.
            fetch: gives the windows.
        """
        torch.set_num_threads(1)
        tables = [PREDICTIONS.empty_table()]
        for member in self.members:
            rows = [place for place, name in enumerate(stations) if self._speaks(member, name)]
            predicted = [value for chunk in _chunks(rows) for value in _predicted(member, fetch(chunk))]
            columns = {
                "experiment": [self.name] * len(rows),
                "trial": [member.trial] * len(rows),
                "record_id": [record_ids[place] for place in rows],
                "station": [stations[place] for place in rows],
                "split": [member.split_of(stations[place]) for place in rows],
                "vs30_m_s": [float("nan")] * len(rows),
                "vs30_predicted_m_s": predicted,
            }
            tables.append(pa.table(columns, schema=PREDICTIONS))
        return pa.concat_tables(tables).combine_chunks()

    def estimates(self, table: pa.Table, features: Floats, stations: Sequence[str]) -> list[Estimate]:
        """Returns what is said about each station of `table`.

        Args:
            table: of the method of this name.
            features: of each window, see `support.window_features`.
            stations: of each window.
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

    def _speaks(self, member: Member, station: str) -> bool:
        return not member.has_seen(station) or all(one.has_seen(station) for one in self.members)


def _chunks(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _predicted(member: Member, windows: Tensor) -> list[float]:
    with torch.no_grad():
        values: list[float] = member.predictor(windows).double().tolist()
    return values


def member_of(file: str | Path, trial: int, stations: Mapping[str, Sequence[str]]) -> Member:
    """Returns the network in a safetensors file, with the stations of its splits.

    Raises:
        InputError: the file holds no weights.
    """
    return Member(trial, load_trained(file), {name: frozenset(stations[name]) for name in NAMES})


def is_trained(folder: str | Path) -> bool:
    """Returns whether the model saved in `folder` has networks; without data there was nothing to train.

    Raises:
        InputError: there is no model in it.
    """
    return bool(_manifest(Path(folder))["members"])


def load_model(folder: str | Path) -> SavedModel:
    """Returns the model saved in `folder`.

    Nothing in it is executed: tensors are read from safetensors, everything else from JSON.

    Raises:
        InputError: there is no model in it, it was never trained, or a file is not the one it was saved with.
    """
    folder = Path(folder)
    about = _manifest(folder)
    if not about["members"]:
        raise InputError(folder / MANIFEST, "nothing was trained", field="members", action=about["missing"])
    members = []
    for row in about["members"]:
        if not (isinstance(row, dict) and {"file", "sha256", "trial", "stations"} <= row.keys()):
            raise InputError(folder / MANIFEST, "damaged", field="members", action="copy the folder again")
        file = folder / row["file"]
        if not file.is_file():
            raise InputError(
                file, "no such file", expected="the network of a trial", action="copy it as well"
            )
        if sha256_of(file) != row["sha256"]:
            raise InputError(file, "not the file that the model was saved with", field="sha256")
        members.append(member_of(file, row["trial"], row["stations"]))
    model = SavedModel(folder, about, members)
    _check(model)
    return model


def _check(model: SavedModel) -> None:
    """Reads everything that `model.json` must hold.

    Raises:
        InputError: something is missing or of the wrong kind.
    """
    about, manifest = model.about, model.folder / MANIFEST
    try:
        _ = (model.name, model.channels, model.rate_hz, model.window, model.picks, model.limits, model.ranges)
        _ = (model.calibrators, model.support, about["preset"], about["synthetic"], about["excluded_flags"])
        known = [about["coverage"], about["outside_level"], *(one.residual for one in model.calibrators)]
        wrong = not all(isinstance(value, float) for value in known)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(manifest, f"damaged ({error!r})", action="copy the folder again") from None
    if wrong:
        raise InputError(manifest, "damaged (a word for a number)", action="copy the folder again")


def _manifest(folder: Path) -> dict[str, Any]:
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
    if found != FORMAT:
        raise InputError(manifest, repr(found), field="format", expected=FORMAT, action="make it again")
    if not isinstance(about.get("members"), list):
        raise InputError(manifest, "damaged", field="members", action="copy the folder again")
    return dict(about)


def sha256_of(path: str | Path) -> str:
    """Returns the sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
