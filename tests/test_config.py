"""The configuration: checked on the way in, and the files made from its model are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from quakesite.config import (
    DEMO_MANUAL,
    DEMO_STATIONS,
    Config,
    generated,
    load,
    read_values,
    resolve,
    why_unreadable,
)
from quakesite.errors import InputError


def test_generated_files_are_up_to_date(root: Path) -> None:
    for path, content in generated(root).items():
        assert path.read_text(encoding="utf-8") == content, f"{path} differs: run python -m quakesite.config"


def test_config_yaml_as_cloned_is_the_default(root: Path) -> None:
    assert Config.model_validate(yaml.safe_load((root / "config.yaml").read_text())) == Config()


@pytest.mark.parametrize(
    ("values", "field", "hint"),
    [
        ({"archve": ["x"]}, "archve", "'archive'"),
        ({"records": {"min_snr": 3}}, "records.min_snr", "'min_snr_db'"),
        ({"windows": {"kinds": {"pga60": {"anchor": "pga", "length": 60}}}}, "windows.kinds.pga60", "length"),
        ({"training": {"experiments": ["alpha_auto"]}}, "training", "'alpha_auto_pga'"),
        ({"training": {"segment_s": 61}}, "", "segment of 61 s"),
        ({"picks": {"stride_s": 5}}, "picks", "whole number"),
        ({"records": {"years": [2018, 2012]}}, "records", "ascend"),
        ({"training": {"experiments": []}}, "training", "none"),
        ({"n_shards": "many"}, "n_shards", "integer"),
        ({"windows": {"kinds": {"p15": {"anchor": "p", "length_s": 15}}}}, "", "'pga60' is missing"),
        ({"archive": ["resources/demo/archive", "mine"]}, "", "synthetic"),
    ],
)
def test_wrong_value_is_one_line_with_field_and_hint(
    values: dict[str, object], field: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        resolve(values, "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert field in message
    assert hint in message
    assert "\n" not in message


def test_synthetic_archive_brings_its_companions_and_its_training() -> None:
    config = resolve({})
    assert config.stations.tables == [DEMO_STATIONS]
    assert config.picks.manual == DEMO_MANUAL
    assert config.training.max_epochs == Config().demo.training.max_epochs


def test_own_archive_gets_nothing_synthetic() -> None:
    config = resolve({"archive": ["mine"]})
    assert config.stations.tables == []
    assert config.picks.manual is None
    assert config.training == Config().training


def test_what_the_user_sets_wins_over_the_demonstration() -> None:
    config = resolve({"training": {"max_epochs": 3}, "picks": {"manual": "mine.csv"}})
    assert config.training.max_epochs == 3
    assert config.picks.manual == "mine.csv"


def test_a_default_that_the_user_states_wins_over_the_demonstration_too(root: Path) -> None:
    default = Config().training
    assert resolve({"training": {"max_epochs": default.max_epochs}}).training.max_epochs == default.max_epochs
    cloned = yaml.safe_load((root / "config.yaml").read_text())
    demo = Config().demo.training
    assert resolve(cloned).training.max_epochs == demo.max_epochs
    stated = resolve(cloned, sources=[cloned, {"training": {"max_epochs": default.max_epochs}}]).training
    assert (stated.max_epochs, stated.batch_size) == (default.max_epochs, demo.batch_size)


def test_load_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("records: [1, 2\n")
    with pytest.raises(InputError, match=r"mine\.yaml"):
        load(file)
    file.write_text("- a list\n")
    with pytest.raises(InputError, match="a list; expected a mapping"):
        load(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"archive: [a\nrecords: 1\n", r"mine\.yaml, line 2, column 8: .*of line 1; .*missing bracket"),
        (b"picks:\n\tmanual: x\n", r"mine\.yaml, line 2, column 1: .*; indent by spaces, not by a tab"),
        ("results: sonuç\nn_shards: 8\n".encode("cp1254"), r"mine\.yaml: byte 0xe7 in line 1; .*UTF-8"),
    ],
)
def test_broken_yaml_is_named_with_its_line(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        load(file)
    assert "\n" not in str(caught.value)
    assert why_unreadable(tmp_path / "none.yaml", file) == f"quakesite: {caught.value}"


def test_yaml_that_is_read_or_not_there_is_not_complained_of(root: Path, tmp_path: Path) -> None:
    assert why_unreadable(root / "config.yaml", tmp_path / "none.yaml") == ""


def test_configuration_that_is_not_there_is_answered_by_one_of_a_like_name(tmp_path: Path) -> None:
    (tmp_path / "ayarlar.yaml").touch()
    with pytest.raises(InputError, match=r"no such file or folder; .*did you mean '.*/ayarlar\.yaml'\?"):
        read_values(tmp_path / "ayalar.yaml")
