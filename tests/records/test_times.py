"""Every spelling of a date that AFAD has used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quakesite.records.times import parse_stamp, parse_time, stamp_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023/02/06 01:17:09.1789020", datetime(2023, 2, 6, 1, 17, 9, 178902, tzinfo=UTC)),
        ("2020/10/30 11:51:01.926024", datetime(2020, 10, 30, 11, 51, 1, 926024, tzinfo=UTC)),
        ("20230206_011730", datetime(2023, 2, 6, 1, 17, 30, tzinfo=UTC)),
        ("20230206 011732", datetime(2023, 2, 6, 1, 17, 32, tzinfo=UTC)),
        ("20160824_013634.150", datetime(2016, 8, 24, 1, 36, 34, 150000, tzinfo=UTC)),
        ("14/11/2010 23:09:19.300", datetime(2010, 11, 14, 23, 9, 19, 300000, tzinfo=UTC)),
        ("2010/11/14 23:08:25.75", datetime(2010, 11, 14, 23, 8, 25, 750000, tzinfo=UTC)),
        ("20/07/2017 22:30:58.000000 (GMT)", datetime(2017, 7, 20, 22, 30, 58, tzinfo=UTC)),
        ("26-Sep-2018 09:48:41", datetime(2018, 9, 26, 9, 48, 41, tzinfo=UTC)),
        ("2016/12/31 23:59:60.5", datetime(2017, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        ("2020/10/30 11:51:59.9999999", datetime(2020, 10, 30, 11, 52, tzinfo=UTC)),
    ],
)
def test_spelling_is_understood(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023/02/06",
        "2023/02/30 01:17:09",
        "2023/13/01 00:00:00",
        "2023/02/06 24:00:00",
        "6-Xyz-2018 09:48:41",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_time(text)


def test_stamp_and_time_are_inverse() -> None:
    assert stamp_of(parse_stamp("20201030115124")) == "20201030115124"
