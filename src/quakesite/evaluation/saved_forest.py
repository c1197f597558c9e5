"""A baseline's forests as a folder that needs nothing else, beside those of the networks.

| file | what |
|---|---|
| `model.json` | what the forests look at, the members with their stations, residuals, support |
| `1.safetensors`, ... | the trees of each trial's forest (`trees`) |
| `README.md` | the model card |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from quakesite.errors import InputError
from quakesite.evaluation.forest import ELEVATED, feature_names, record_features, station_features
from quakesite.evaluation.saved import (
    MANIFEST,
    Member,
    Saved,
    Seen,
    check_common,
    damaged,
    member_files,
    read_manifest,
)
from quakesite.evaluation.schema import PREDICT
from quakesite.evaluation.settings import FORESTS
from quakesite.evaluation.support import TABLE_FEATURES, table_features
from quakesite.evaluation.trees import Forest, read_forest
from quakesite.records.schema import RECORDS
from quakesite.rejects import Reason, Reject
from quakesite.tables import read_parquet
from quakesite.training.schema import PREDICTIONS
from quakesite.training.splits import NAMES

if TYPE_CHECKING:
    from quakesite.evaluation.forest import StationFeatures

PICKED = "pwave_forest"
"""The forest that looks at the first P motion."""


@dataclass(frozen=True)
class SavedForest(Saved[Forest]):
    """A baseline's forests, ready to predict. Made by `quakesite.models.load`.

    Attributes:
        folder: where it was read from.
        about: what `model.json` says.
        members: one forest per trial.
    """

    @property
    def name(self) -> str:
        """The baseline's name."""
        return str(self.about["baseline"])

    @property
    def kind(self) -> str:
        """That it is a forest."""
        return "random forest"

    @property
    def looks_at_picks(self) -> bool:
        """Whether it looks at the first P motion."""
        return self.name == PICKED

    @property
    def needed_picks(self) -> str:
        """`P` where it looks at the first P motion."""
        return "P" if self.looks_at_picks else ""

    @property
    def picks_are_for(self) -> str:
        """The first motion."""
        return "the first P motion"

    def look(self, shard: Path, picks: Path, refused: list[Reject], *, limited: bool) -> Seen:
        """Returns what it makes of a shard of records, each averaged over its station; see `Saved.look`.

        A record that lacks something the forests look at is refused: `feature_unknown`.
        """
        from quakesite.evaluation.features.table import features_of, p_times

        features = features_of(shard, p_times(picks))
        heights = _elevations(shard)
        lacking = _lacking(self.name, features, heights)
        refused += [
            Reject(record, "", PREDICT, Reason.FEATURE_UNKNOWN, what)
            for record, what in zip(features["record_id"].to_pylist(), lacking, strict=True)
            if what
        ]
        kept = features.filter(pa.array([not what for what in lacking], pa.bool_()))
        if not len(kept):
            return Seen(PREDICTIONS.empty_table(), np.empty((0, len(TABLE_FEATURES))), [])
        inputs = station_features(self.name, kept, heights)
        stations = kept["station"].to_pylist()
        return Seen(
            self.table(kept["record_id"].to_pylist(), stations, inputs), table_features(kept), stations
        )

    def table(self, record_ids: list[str], stations: list[str], inputs: StationFeatures) -> pa.Table:
        """Returns the members' predictions as rows of the `PREDICTIONS` columns, `vs30_m_s` being NaN.

        A member speaks for the stations that it has not seen; where all have seen one, all speak.

        Args:
            record_ids, stations: of each record.
            inputs: of each station.
        """
        tables = [PREDICTIONS.empty_table()]
        for member in self.members:
            values = member.predictor.predict(inputs.values).tolist()
            predicted = dict(zip(inputs.station.tolist(), values, strict=True))
            rows = [place for place, name in enumerate(stations) if self.speaks(member, name)]
            values = [predicted[stations[place]] for place in rows]
            tables.append(self.said(member, record_ids, stations, rows, values))
        return pa.concat_tables(tables).combine_chunks()


def _elevations(shard: Path) -> dict[str, float]:
    """Returns the elevation in m of each station, as the first of its records that knows it says."""
    columns = ["station", "st_elevation_m"]
    table = read_parquet(shard, RECORDS, columns=columns)
    found: dict[str, float] = {}
    for station, height in zip(*(table[name].to_pylist() for name in columns), strict=True):
        if height is not None and np.isfinite(height):
            found.setdefault(station, float(height))
    return found


def _lacking(name: str, features: pa.Table, heights: Mapping[str, float]) -> list[str]:
    """Returns what is not known of each record that the forest looks at, apart by commas; else nothing."""
    values, names = record_features(name, features), feature_names(name)
    found = []
    for station, row in zip(features["station"].to_pylist(), np.isfinite(values).tolist(), strict=True):
        unknown = [what for what, known in zip(names, row, strict=False) if not known]
        if name == ELEVATED and station not in heights:
            unknown.append(names[-1])
        found.append(f"not known: {', '.join(unknown)}" if unknown else "")
    return found


def load_forests(folder: str | Path) -> SavedForest:
    """Returns the forests saved in `folder`; `loading.load_model` takes any model.

    Nothing in it is executed: trees are read from safetensors, everything else from JSON.

    Raises:
        InputError: there are none in it, none was grown, or a file is not the one it was saved with.
    """
    folder = Path(folder)
    about = read_manifest(folder)
    members = []
    for file, row in member_files(folder, about):
        forest, _ = read_forest(file)
        if forest is None:
            raise InputError(file, "no trees: there were no stations to grow them from")
        stations = {name: frozenset(row["stations"][name]) for name in NAMES}
        members.append(Member(int(row["trial"]), forest, stations))
    model = SavedForest(folder, about, members)
    try:
        check_common(model)
        _check_features(model)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(folder, error) from None
    return model


def _check_features(model: SavedForest) -> None:
    """Raises `InputError` where this version computes other features than the forests were grown on."""
    expected = list(feature_names(model.name)) if model.name in FORESTS else []
    found = model.about["input"]["features"]
    most = max(int(member.predictor.feature.max()) for member in model.members)
    if found != expected or most >= len(expected):
        raise InputError(
            model.folder / MANIFEST,
            f"{model.name} looks at {len(found)} features that this version does not compute",
            field="input",
            action="use the version of quakesite that wrote it, or make it again",
        )
