"""A random forest as plain arrays: grown by scikit-learn, kept in a safetensors file, walked with NumPy.

What is kept is the trees themselves, and in which leaf of each the stations lie that it was grown from. So a
forest that was saved says to the last bit what it said when it was grown, whatever version of scikit-learn
is there then, or none; and reading one executes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.evaluation.metrics import Floats
from quakesite.tensor_file import read_tensors, write_tensors

Ints = npt.NDArray[np.int32]

LEAF = -1
KINDS = {"threshold": np.float64, "measured": np.float64}
"""Arrays of another kind than int32."""


@dataclass(frozen=True, slots=True)
class Forest:
    """A forest, and the stations that it was grown from. Nodes of all trees are numbered through.

    Attributes:
        roots: (trees,), the first node of each tree.
        left, right: (nodes,), where a station goes whose `feature` is up to, or beyond, `threshold`; both -1
            in a leaf.
        feature: (nodes,), number of the feature that is looked at; -1 in a leaf.
        threshold: (nodes,); 0 in a leaf.
        grown_from: (train stations, trees), the leaf that each lies in.
        measured: (train stations,), their Vs30 in m/s.
    """

    roots: Ints
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    grown_from: Ints
    measured: Floats

    def leaves(self, values: Floats) -> Ints:
        """Returns the leaf of each tree that each row of `values` lies in, shape (rows, trees).

        Features are compared in single precision, thresholds in double, as scikit-learn does.

        Args:
            values: (rows, features), all finite.
        """
        rows = np.asarray(values, dtype=np.float32)
        nodes = np.tile(self.roots, (len(rows), 1))
        while (inner := self.left[nodes] != LEAF).any():
            at, row = nodes[inner], np.nonzero(inner)[0]
            lower = rows[row, self.feature[at]] <= self.threshold[at]
            nodes[inner] = np.where(lower, self.left[at], self.right[at])
        return nodes

    def predict(self, values: Floats) -> Floats:
        """Returns the best constant of each row's neighbours in the leaves, in m/s (see `forest`).

        Args:
            values: (rows, features), all finite.
        """
        leaves = self.leaves(values)
        weights = np.zeros((len(leaves), len(self.measured)))
        for tree in range(len(self.roots)):
            same = leaves[:, tree, None] == self.grown_from[None, :, tree]
            weights += same / same.sum(axis=1, keepdims=True)
        order = np.argsort(self.measured, kind="stable")
        cumulative = np.cumsum(weights[:, order] / self.measured[order], axis=1)
        places = (cumulative < cumulative[:, -1:] / 2.0).sum(axis=1)
        return np.asarray(self.measured[order][places])


def grow(
    inputs: Floats, measured: Floats, seed: int, *, n_trees: int, per_leaf: int, features_per_split: float
) -> Forest:
    """Returns the forest that scikit-learn grows on ln Vs30.

    Args:
        inputs: (train stations, features), all finite.
        measured: their Vs30, in m/s.
        seed: of the forest.
        n_trees: how many trees.
        per_leaf: the fewest stations in a leaf.
        features_per_split: share of the features that each split chooses from.
    """
    from sklearn.ensemble import RandomForestRegressor

    grown = RandomForestRegressor(
        n_estimators=n_trees,
        min_samples_leaf=min(per_leaf, len(measured)),
        max_features=features_per_split,
        random_state=seed,
        n_jobs=1,
    ).fit(inputs, np.log(measured))
    trees = [one.tree_ for one in grown.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    pairs = list(zip(trees, roots.tolist(), strict=True))
    left, right = (
        np.concatenate([np.where(side == LEAF, LEAF, side + root) for side, root in sides])
        for sides in (
            [(tree.children_left, root) for tree, root in pairs],
            [(tree.children_right, root) for tree, root in pairs],
        )
    )
    leaf = left == LEAF
    forest = Forest(
        roots=roots.astype(np.int32),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        feature=np.where(leaf, LEAF, np.concatenate([tree.feature for tree in trees])).astype(np.int32),
        threshold=np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        grown_from=np.empty((0, n_trees), np.int32),
        measured=np.asarray(measured, np.float64),
    )
    return Forest(**_arrays(forest) | {"grown_from": forest.leaves(inputs)})


def write_forest(forest: Forest | None, about: Mapping[str, Any], target: str | Path) -> None:
    """Writes a forest and `about` (anything JSON) to `target` atomically; None makes a header alone."""
    arrays = {} if forest is None else _arrays(forest)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_tensors(contiguous, about, target, "np")


def read_forest(path: str | Path) -> tuple[Forest | None, dict[str, Any]]:
    """Returns the forest at `path`, None where none could be grown, and what its header says about it.

    Nothing in the file is executed, and whatever it holds, walking the forest ends.

    Raises:
        InputError: it is no file of `write_forest`, or its trees are none.
    """
    arrays, about = read_tensors(path, "np", "quakesite evaluation baselines")
    if not arrays:
        return None, about
    wrong = _wrong(arrays)
    if wrong:
        raise InputError(path, wrong, expected="the trees of a forest", action="copy it again")
    return Forest(**arrays), about


def _arrays(forest: Forest) -> dict[str, Any]:
    return {field.name: getattr(forest, field.name) for field in fields(Forest)}


def _wrong(arrays: Mapping[str, Any]) -> str:
    """Returns what keeps arrays from being a forest; empty where they are one.

    A child comes behind its parent, so that every walk ends.
    """
    if arrays.keys() != {field.name for field in fields(Forest)}:
        return f"holds {', '.join(sorted(arrays))}"
    for name, array in arrays.items():
        if array.dtype != KINDS.get(name, np.int32) or array.ndim != (2 if name == "grown_from" else 1):
            return f"{name} is {array.dtype} of {array.ndim} dimensions"
    one = Forest(**arrays)
    n_nodes, n_trees, n_stations = len(one.left), len(one.roots), len(one.measured)
    if {len(one.right), len(one.feature), len(one.threshold)} != {n_nodes}:
        return "nodes of different numbers"
    if one.grown_from.shape != (n_stations, n_trees) or not n_trees or not n_stations:
        return "stations of different numbers"
    leaf, number = one.left == LEAF, np.arange(n_nodes)
    inner = ~leaf
    behind = (one.left > number) & (one.right > number) & (one.left < n_nodes) & (one.right < n_nodes)
    if not (behind[inner].all() and (one.feature[inner] >= 0).all() and np.isfinite(one.threshold).all()):
        return "nodes that lead nowhere"
    known = np.concatenate([one.roots, one.grown_from.ravel()])
    if known.min() < 0 or known.max() >= n_nodes or not leaf[one.grown_from].all():
        return "leaves that are none"
    if not (np.isfinite(one.measured).all() and (one.measured > 0.0).all()):
        return "a Vs30 that is none"
    return ""
