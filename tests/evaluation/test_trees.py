"""A kept forest says to the last bit what scikit-learn's said, and a damaged file is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.ensemble import RandomForestRegressor

from quakesite.errors import InputError
from quakesite.evaluation.trees import Forest, grow, read_forest, write_forest
from quakesite.tensor_file import HEADER

SIZE = {"n_trees": 40, "per_leaf": 3, "features_per_split": 1 / 3}


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features, some of them the same at many stations, and a Vs30 that depends on them."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(n, 9))
    inputs[:, 4:] = inputs[:, 4:].round(1)
    inputs[:, 8] *= 1e-9
    measured = np.exp(6.0 + 0.3 * inputs[:, 0] + 0.2 * inputs[:, 5] + random.normal(0.0, 0.1, n))
    return inputs, measured.round(1)


def by_scikit_learn(inputs, measured, wanted, seed) -> tuple[np.ndarray, np.ndarray]:
    """Leaves of `wanted` and the neighbours' best constants, by scikit-learn's own trees."""
    forest = RandomForestRegressor(
        n_estimators=40,
        min_samples_leaf=min(3, len(measured)),
        max_features=1 / 3,
        random_state=seed,
        n_jobs=1,
    ).fit(inputs, np.log(measured))
    train, leaves = forest.apply(inputs), forest.apply(wanted)
    predicted = []
    for row in leaves:
        weight = np.zeros(len(measured))
        for tree in range(leaves.shape[1]):
            same = train[:, tree] == row[tree]
            weight += same / same.sum()
        order = np.argsort(measured, kind="stable")
        cumulative = np.cumsum(weight[order] / measured[order])
        predicted.append(measured[order][(cumulative < cumulative[-1] / 2.0).sum()])
    return leaves, np.array(predicted)


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (2, 1), (5, 2), (60, 3), (200, 4)])
def test_leaves_and_predictions_are_those_of_scikit_learn_to_the_last_bit(n: int, seed: int) -> None:
    inputs, measured = data(n, seed)
    wanted = np.concatenate([inputs, data(80, seed + 100)[0]])
    forest = grow(inputs, measured, seed, **SIZE)
    leaves, predicted = by_scikit_learn(inputs, measured, wanted, seed)
    assert np.array_equal(forest.leaves(wanted) - forest.roots, leaves)
    assert forest.predict(wanted).tobytes() == predicted.tobytes()


def test_values_on_a_threshold_fall_where_scikit_learn_lets_them_fall() -> None:
    inputs, measured = data(100, 7)
    forest = grow(inputs, measured, 7, **SIZE)
    inner = forest.feature >= 0
    wanted = np.tile(np.median(inputs, axis=0), (int(inner.sum()), 1))
    wanted[np.arange(len(wanted)), forest.feature[inner]] = forest.threshold[inner]
    both = np.concatenate([wanted, np.nextafter(wanted.astype(np.float32), np.float32(np.inf))])
    leaves, predicted = by_scikit_learn(inputs, measured, both, 7)
    assert np.array_equal(forest.leaves(both) - forest.roots, leaves)
    assert forest.predict(both).tobytes() == predicted.tobytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A forest on disk."""
    target = tmp_path / "1.safetensors"
    write_forest(grow(*data(30, 0), 0, **SIZE), {"baseline": "hvsr_forest"}, target)
    return target


def test_a_forest_comes_back_as_it_was_and_the_same_forest_is_the_same_file(
    file: Path, tmp_path: Path
) -> None:
    grown, (read, about) = grow(*data(30, 0), 0, **SIZE), read_forest(file)
    assert about == {"baseline": "hvsr_forest"}
    for field in fields(Forest):
        kept = getattr(read, field.name)
        assert np.array_equal(kept, getattr(grown, field.name)), field.name
        assert kept.dtype == getattr(grown, field.name).dtype
    write_forest(read, about, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


def test_where_none_was_grown_the_header_stands_alone(tmp_path: Path) -> None:
    write_forest(None, {"trial": 1}, tmp_path / "1.safetensors")
    assert read_forest(tmp_path / "1.safetensors") == (None, {"trial": 1})


def with_(name: str, place: int, value: float):
    """Returns a change of one number of one array."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name].flat[place] = value

    return change


def without(name: str):
    """Returns a change that takes an array away."""
    return lambda arrays: arrays.pop(name)


def as_kind(name: str, kind: str):
    """Returns a change of an array's kind."""
    return lambda arrays: arrays.update({name: arrays[name].astype(kind)})


def shorter(name: str):
    """Returns a change that takes away an array's last row."""
    return lambda arrays: arrays.update({name: arrays[name][:-1].copy()})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (with_("left", 0, 0), "nodes that lead nowhere"),  # a circle: a walk that would never end
        (with_("right", 0, 10**6), "nodes that lead nowhere"),
        (with_("right", 0, -1), "nodes that lead nowhere"),
        (with_("feature", 0, -7), "nodes that lead nowhere"),
        (with_("threshold", 0, np.nan), "nodes that lead nowhere"),
        (with_("roots", 1, -5), "leaves that are none"),
        (with_("grown_from", 3, 0), "leaves that are none"),
        (with_("measured", 3, -1.0), "a Vs30 that is none"),
        (without("left"), "holds feature, grown_from"),
        (as_kind("left", "int64"), "left is int64"),
        (as_kind("threshold", "float32"), "threshold is float32"),
        (shorter("right"), "nodes of different numbers"),
        (shorter("measured"), "stations of different numbers"),
    ],
)
def test_a_damaged_forest_is_one_clear_line(file: Path, change, line: str) -> None:
    arrays = {name: array.copy() for name, array in load_file(file).items()}
    change(arrays)
    save_file(arrays, file, metadata={HEADER: json.dumps({})})
    with pytest.raises(InputError, match=line):
        read_forest(file)


def test_a_file_that_is_no_forest_is_one_clear_line(tmp_path: Path) -> None:
    target = tmp_path / "1.safetensors"
    target.write_bytes(b"not one")
    with pytest.raises(InputError, match="cannot be read"):
        read_forest(target)
    save_file({"a": np.zeros(3)}, target)
    with pytest.raises(InputError, match="no header"):
        read_forest(target)
    with pytest.raises(InputError, match="cannot be read"):
        read_forest(tmp_path / "nowhere.safetensors")


def test_what_is_predicted_is_the_vs30_of_a_train_station() -> None:
    inputs, measured = data(50, 5)
    forest = grow(inputs, measured, 5, **SIZE)
    assert set(forest.predict(data(40, 6)[0]).tolist()) <= set(measured.tolist())
    doubled = replace(forest, measured=2.0 * forest.measured)
    assert np.array_equal(doubled.predict(inputs), 2.0 * forest.predict(inputs))
