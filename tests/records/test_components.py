"""Three components made one record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quakesite.errors import InputError
from quakesite.records import read

from .conftest import motion, three, write


def test_components_come_in_the_order_e_n_z(tmp_path: Path) -> None:
    paths = write(tmp_path, three())
    for path in paths:
        (record,) = read(path)
        assert record.acceleration.tobytes() == np.stack([motion(400, seed) for seed in range(3)]).tobytes()
        assert [Path(source).name[-5] for source in record.sources] == ["E", "N", "U"]


def test_peak_is_that_of_the_vector(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, three())[0])
    assert record.pga_cm_s2 == pytest.approx(np.linalg.norm(record.acceleration, axis=0).max())


def test_components_that_start_later_and_end_earlier_are_cut_to_the_common_span(tmp_path: Path) -> None:
    east, north, up = three()
    late = replace(north, samples=north.samples[30:]).at(0.30)
    short = replace(up, samples=up.samples[:-10])
    (record,) = read(write(tmp_path, [east, late, short])[0])
    assert record.acceleration.tolist() == [one.samples[30:390].tolist() for one in (east, north, up)]
    assert record.start_time is not None
    assert f"{record.start_time:%H:%M:%S.%f}" == "11:51:02.226024"


def test_starts_are_taken_at_the_nearest_sample(tmp_path: Path) -> None:
    east, north, up = three()
    (record,) = read(write(tmp_path, [east, north.at(0.004), up])[0])
    assert record.n_samples == 400


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"interval": "0.005"}, "component_mismatch"),
        ({"start": "2020/10/30 12:51:01.926"}, "component_mismatch"),
        ({"samples": motion(150)}, "component_mismatch"),
        ({"samples": np.zeros(400)}, "flat"),
        ({"n_samples": 500}, "truncated"),
        ({"pga": "100.0"}, "pga_mismatch"),
    ],
)
def test_a_component_that_does_not_belong_is_named(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    east, north, up = three()
    paths = write(tmp_path, [east, replace(north, **change), up])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=reason) as caught:
        read(paths[0])
    if reason != "flat":
        assert "_N.asc" in str(caught.value)


def test_unequal_lengths_without_start_times_are_refused(tmp_path: Path) -> None:
    east, north, up = three(start="")
    assert read(write(tmp_path / "equal", [east, north, up])[0])[0].start_time is None
    with pytest.raises(InputError, match="component_mismatch"):
        read(write(tmp_path / "unequal", [east, north, replace(up, samples=up.samples[:-1])])[0])


def test_a_stream_that_contradicts_the_name_is_refused(tmp_path: Path) -> None:
    east, north, up = three()
    paths = write(tmp_path, [east, north, up])
    paths[1].write_bytes(east.content)
    with pytest.raises(InputError, match="STREAM is of component E"):
        read(paths[0])


def test_a_station_that_contradicts_the_name_is_refused(tmp_path: Path) -> None:
    for component in three():
        write(tmp_path, [component])
        (tmp_path / component.name).write_bytes(replace(component, station="0906").content)
    with pytest.raises(InputError, match="station 0906"):
        read(tmp_path)
