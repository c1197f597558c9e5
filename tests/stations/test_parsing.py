"""Numbers, codes and dates as they stand in real tables."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.stations.parsing import composed, date, fold, heading_key, is_absent, number, station_code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("412", 412.0),
        ("412,5", 412.5),
        ("38.4213", 38.4213),
        ("1.250,5", 1250.5),
        ("1,250.5", 1250.5),
        (412, 412.0),
        (" 0,9 ", 0.9),
        ("1e3", 1000.0),
        ("YOK", None),
        ("-", None),
        ("", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_numbers_are_read_as_turkish_and_english_tables_write_them(text: object, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["2--10", "76rt", "0.5;0.1", "#DEĞER!", "1.2.3", float("inf"), True, "412 m/s"]
)
def test_what_is_no_number_is_an_error_and_never_a_guess(text: object) -> None:
    with pytest.raises(ValueError, match="no "):
        number(text)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (208, (None, "0208")),
        ("208", (None, "0208")),
        (208.0, (None, "0208")),
        ("208.0", (None, "0208")),
        ("3506", (None, "3506")),
        ("nar", (None, "NAR")),
        ("TK.0208", ("TK", "0208")),
        ("TK-3506", ("TK", "3506")),
        ("", None),
        ("Hükümet Konağı", None),
    ],
)
def test_a_lost_leading_zero_is_put_back(cell: object, code: object) -> None:
    assert station_code(cell) == code


def test_dates_are_read_in_three_orders() -> None:
    day = dt.date(2015, 5, 12)
    assert date("2015-05-12T03:00:00") == date("12.05.2015") == date("12 Mayıs 2015") == day
    assert date(dt.datetime(2015, 5, 12, 3)) == day
    assert date("12.13.2015") is None


@settings(deadline=None)
@given(st.text(max_size=40))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(composed(text))) == len(composed(text))


def test_headings_are_compared_without_letters_marks_and_units() -> None:
    assert fold("İSTASYON Kodu ŞĞÜÖÇ ı") == "istasyon kodu sguoc i"
    assert heading_key("Vs30 (m/s)") == "vs30"
    assert is_absent(" yok ")
    assert not is_absent("0")
