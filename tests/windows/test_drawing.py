"""A window drawn: every channel is there, at its own scale, with its phases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quakesite.errors import InputError
from quakesite.records.record import Record
from quakesite.windows import open_shard
from quakesite.windows.drawing import draw_record, shards_in, window_figure


@pytest.fixture
def drawn(make_record: Callable[..., Record], shard: Callable[..., tuple[Path, Path]]) -> Path:
    """A shard with one picked window."""
    return shard([make_record()], {make_record().record_id: (40.0, 47.0, 21.0)}, window="p15")[0]


def test_figure_shows_the_samples_and_the_picks(drawn: Path) -> None:
    opened = open_shard(drawn)
    tensor, row = opened.read()[0], opened.metadata.to_pylist()[0]
    figure = window_figure(tensor, 100.0, row, "p15")
    for axis, samples in zip(figure.axes, tensor, strict=True):
        trace, p_line, s_line = axis.get_lines()
        np.testing.assert_array_equal(trace.get_ydata(), samples)
        assert trace.get_xdata()[-1] == pytest.approx(14.99)
        assert p_line.get_xdata()[0] == pytest.approx(7.5)
        assert s_line.get_xdata()[0] == pytest.approx(14.5)
        assert axis.get_ylim()[1] >= np.abs(samples).max()
    assert [axis.get_ylabel() for axis in figure.axes] == ["E (cm/s²)", "N (cm/s²)", "Z (cm/s²)", "P/S"]
    assert "SNR 21 dB" in figure.get_suptitle()


def test_phases_outside_the_window_are_noted(
    make_record: Callable[..., Record], shard: Callable[..., tuple[Path, Path]]
) -> None:
    path = shard([make_record()], {make_record().record_id: (40.0, 52.5, 21.0)}, window="p15")[0]
    opened = open_shard(path)
    tensor, row = opened.read()[0], opened.metadata.to_pylist()[0]
    texts = [text.get_text() for text in window_figure(tensor, 100.0, row, "p15").axes[-1].texts]
    assert texts == ["S 5.0 s behind the window"]
    row |= {"p_sample": -250.0, "s_sample": 10.0}
    figure = window_figure(tensor, 100.0, row, "p15")
    assert [text.get_text() for text in figure.axes[-1].texts] == ["P 2.5 s before the window"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["S"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_windows_give_equal_files(drawn: Path, tmp_path: Path, suffix: str) -> None:
    targets = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    for target in targets:
        draw_record([drawn.parent], "20200101000000_0001", target)
    first, second = (target.read_bytes() for target in targets)
    assert first == second
    assert len(first) > 10_000


def test_what_cannot_be_drawn_is_one_clear_line(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not among the windows"):
        draw_record([drawn], "20200101000000_9999", tmp_path / "x.png")
    with pytest.raises(InputError, match=r"ends in \.png"):
        draw_record([drawn], "20200101000000_0001", tmp_path / "x.bmp")
    with pytest.raises(InputError, match="no such file"):
        shards_in([tmp_path / "absent"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no \.parquet"):
        shards_in([tmp_path / "empty"])
