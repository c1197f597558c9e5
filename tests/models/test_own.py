"""Networks of one's own: what is none is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.models.own import use


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("mine.md", "", "no Python file"),
        ("my-network.py", "", "letters, digits and _ .* rename the file"),
        ("tcn.py", "", "a network is called tcn already"),
        ("mine.py", "x = 1", "nothing called FAMILY"),
        ("mine.py", "FAMILY = 1", "FAMILY: int; expected `FAMILY = headed"),
        ("mine.py", "def encode(", "cannot be run"),
    ],
)
def test_what_is_no_network_is_one_clear_line(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=told):
        use(tmp_path / name)
