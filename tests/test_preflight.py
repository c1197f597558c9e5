"""What is looked at before the first job."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quakesite import preflight
from quakesite.config import resolve


def test_preflight_and_the_rules_share_one_scan_of_the_archive(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for component in "ENU":
        (tmp_path / f"20200101000000_0101_mp_Acc_{component}.asc").touch()
    scans = []
    scan = preflight.scan
    monkeypatch.setattr(preflight, "scan", lambda folders: scans.append(folders) or scan(folders))
    settings = resolve({"archive": [str(tmp_path)]})
    preflight.preflight(settings)
    text = (root / "workflow/rules/inputs.smk").read_text(encoding="utf-8")
    of_the_rules = re.search(r"^def archive\(\):\n.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert of_the_rules is not None
    names = {"settings": settings, "scan_archive": preflight.scan_archive, "archive_made": lambda: 0}
    exec(of_the_rules[0], names)
    assert names["archive"]().files.stations == ["0101"]
    assert len(scans) == 1
