"""EQTransformer's weights on disk."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quakesite.digests import sha256_of
from quakesite.errors import InputError
from quakesite.picks.weights import (
    FIRST_CONVOLUTION,
    ORIGINAL_ARGS,
    ORIGINAL_SHA256,
    Weights,
    load_network,
    newest_version,
    read_seisbench,
    read_weights,
    serialised,
    weights_name,
    write_weights,
)


def some_weights() -> Weights:
    rng = np.random.default_rng(0)
    state = {
        FIRST_CONVOLUTION: rng.standard_normal((8, 3, 11)).astype(np.float32),
        "conv_d.bias": np.ones(1, np.float32),
    }
    return Weights(state, ORIGINAL_ARGS)


def test_original_weights_have_the_expected_sha256(seisbench_weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    assert write_weights(read_seisbench(seisbench_weights), target) == ORIGINAL_SHA256
    assert sha256_of(target) == ORIGINAL_SHA256


def test_file_gives_the_same_bytes_as_its_folder(seisbench_weights: Path) -> None:
    file = seisbench_weights / "original.pt.v3"
    assert serialised(read_seisbench(file)) == serialised(read_seisbench(seisbench_weights))


def test_bytes_do_not_depend_on_component_order_key_order_or_counters() -> None:
    one = some_weights()
    flipped = dict(reversed(one.state.items()))
    flipped[FIRST_CONVOLUTION] = one.state[FIRST_CONVOLUTION][:, [2, 1, 0]]
    flipped["norm.num_batches_tracked"] = np.array(7, np.float32)
    args = dict(reversed(ORIGINAL_ARGS.items())) | {
        "component_order": "ENZ",
        "drop_rate": 0.3,
        "norm_detrend": False,
    }
    assert serialised(Weights(flipped, args)) == serialised(one)


def test_other_arguments_give_other_bytes() -> None:
    one = some_weights()
    assert serialised(Weights(one.state, {**ORIGINAL_ARGS, "norm": "peak"})) != serialised(one)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    write_weights(some_weights(), target)
    back = read_weights(target)
    assert back.model_args == ORIGINAL_ARGS
    np.testing.assert_array_equal(back.state[FIRST_CONVOLUTION], some_weights().state[FIRST_CONVOLUTION])


def test_weights_keep_their_name_and_the_usual_ones_need_none(tmp_path: Path) -> None:
    mine = replace(some_weights(), name="mine")
    for number, weights in enumerate((mine, replace(mine, network="phasenet", name="stead"))):
        write_weights(weights, tmp_path / f"{number}.safetensors")
        assert weights_name(tmp_path / f"{number}.safetensors") == weights.name
    write_weights(some_weights(), tmp_path / "usual.safetensors")
    assert weights_name(tmp_path / "usual.safetensors") == "original"
    assert serialised(mine) != serialised(some_weights())


def test_name_of_weights_is_that_of_their_file(seisbench_weights: Path, tmp_path: Path) -> None:
    for suffix in ("pt", "json"):
        shutil.copy(seisbench_weights / f"original.{suffix}.v3", tmp_path / f"tuned.{suffix}.v3")
    assert read_seisbench(tmp_path / "tuned.pt.v3").name == "tuned"


def test_highest_version_is_taken(tmp_path: Path) -> None:
    for version in ("2", "10", "9", "x"):
        (tmp_path / f"original.pt.v{version}").touch()
    found = newest_version(tmp_path)
    assert found is not None
    assert found.name == "original.pt.v10"


class Intruder:
    """Runs code when it is unpickled by anything less careful than `weights_only`."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, ("intruder-was-here", "w"))


def test_pickle_with_code_in_it_is_refused_and_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "original.json.v3").write_text(json.dumps({"model_args": {}}))
    (tmp_path / "original.pt.v3").write_bytes(pickle.dumps({"weight": Intruder()}, protocol=2))
    with pytest.raises(InputError, match=r"original\.pt\.v3"):
        read_seisbench(tmp_path)
    assert not (tmp_path / "intruder-was-here").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"model_args": 3'])
def test_broken_description_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "original.pt.v3").write_bytes(b"")
    (tmp_path / "original.json.v3").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_seisbench(tmp_path)


def test_folder_without_weights_says_what_should_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"original\.pt\.v3 with original\.json\.v3"):
        read_seisbench(tmp_path)


def test_weights_of_another_network_do_not_load(tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    write_weights(some_weights(), target)
    with pytest.raises(InputError, match="EQTransformer"):
        load_network(target)


def test_truncated_file_does_not_load(weights_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    shutil.copy(weights_file, target)
    target.write_bytes(target.read_bytes()[:5000])
    with pytest.raises(InputError, match="delete the file"):
        load_network(target)
