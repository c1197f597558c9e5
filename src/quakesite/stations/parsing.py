"""Numbers, codes, dates and headings as people write them in Turkish and English tables."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

ABSENT = frozenset({"", "-", "--", "?", "yok", "none", "nan", "null", "na", "n/a", "missing", "belirsiz"})
"""What stands in a cell that holds no value, folded."""

NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:[eE][-+]?\d+)?|[-+]?[.,]\d+")
DATES = (
    re.compile(r"(?P<year>\d{4})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[-./](?P<month>\d{1,2})[-./](?P<year>\d{4})"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[-./](?P<month>\d{1,2})[-./](?P<year>\d{2})(?!\d)"),
    re.compile(r"(?P<day>\d{1,2})\s+(?P<month>[a-z]{3,})\s+(?P<year>\d{4})"),
)
MONTHS = {
    name: month
    for month, names in enumerate(
        (
            ("oca", "jan"),
            ("sub", "feb"),
            ("mar",),
            ("nis", "apr"),
            ("may",),
            ("haz", "jun"),
            ("tem", "jul"),
            ("agu", "aug"),
            ("eyl", "sep"),
            ("eki", "oct"),
            ("kas", "nov"),
            ("ara", "dec"),
        ),
        1,
    )
    for name in names
}
"""The first three letters of the months in Turkish and English."""
RAISED_OR_LOWERED = frozenset({"<super>", "<sub>"})
"""Forms of characters that are footnote marks and powers beside a number, never digits of it."""
WITHOUT_ASCII_FORM = {"ı": "i", "ø": "o", "ß": "s", "–": "-", "—": "-", "−": "-", "\u00a0": " "}


def fold(text: str) -> str:
    """Returns `text` in lower-case ASCII letters (`İstasyon Kodu` gives `istasyon kodu`), of equal length.

    Superscripts and subscripts become blanks. Each character is folded by itself, so that a match found in
    the folded text can be cut out of the original (in its composed form, see `composed`).
    """
    return "".join(map(_fold_character, text))


@lru_cache(4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character.lower()
    if character in WITHOUT_ASCII_FORM:
        return WITHOUT_ASCII_FORM[character]
    form = unicodedata.decomposition(character).partition(" ")[0]
    if form in RAISED_OR_LOWERED:
        return " "
    first = unicodedata.normalize("NFKD", character)[0].lower()[0]
    # One half and a circled 1 are not the digit that their compatibility form begins with.
    return character if first.isdigit() and not character.isdecimal() else first


def composed(text: str) -> str:
    """Returns `text` with each letter and its marks as one character (Unicode NFC)."""
    return unicodedata.normalize("NFC", text)


def heading_key(text: str) -> str:
    """Returns what a column heading is compared by: folded, without units in brackets, letters and digits."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"[(\[].*?[)\]]", "", fold(composed(text))))


def is_absent(value: object) -> bool:
    """Returns whether a cell says that there is no value (empty, `-`, `YOK`, `None`, ...)."""
    return value is None or fold(composed(str(value)).strip()) in ABSENT


def number(value: object) -> float | None:
    """Returns a cell's number, null where there is none; a decimal comma is understood.

    With both a comma and a point, the last of them is the decimal mark.

    Raises:
        ValueError: there is something in the cell, but no finite number.
    """
    if is_absent(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is no number")
    if isinstance(value, str):
        text = re.sub(r"\s", "", composed(value))
        if NUMBER.fullmatch(text) is None:
            raise ValueError(f"{value!r} is no number")
        if "," in text and "." in text:
            grouping = "." if text.rindex(",") > text.rindex(".") else ","
            text = text.replace(grouping, "")
        text = text.replace(",", ".")
        if text.count(".") > 1:
            raise ValueError(f"{value!r} is no number")
        return float(text)
    if value - value != 0:
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def station_code(value: object) -> tuple[str | None, str] | None:
    """Returns a station's network, where it is written with the code (`TK.0208`), and its code.

    AFAD's codes have four digits (province and number); a spreadsheet drops the leading zero, so 208 is
    station 0208. Null where the cell is empty or no code.
    """
    if is_absent(value):
        return None
    text = composed(str(value)).strip().upper()
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    matched = re.fullmatch(r"(?:(?P<network>[A-Z][A-Z0-9]{0,2})[._-])?(?P<code>[A-Z0-9]{2,8})", text)
    if matched is None:
        return None
    code = matched["code"]
    return matched["network"], code.zfill(4) if code.isdigit() else code


def _whole_year(year: int) -> int:
    """Returns a year of two digits as POSIX understands it: 69 to 99 are of the last century."""
    return year if year > 99 else year + (1900 if year >= 69 else 2000)


def date(value: object) -> dt.date | None:
    """Returns a cell's date, null where it holds none (year first, or the Turkish day first)."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if is_absent(value):
        return None
    text = fold(composed(str(value)))
    for pattern in DATES:
        found = pattern.search(text)
        if found is not None:
            month = found["month"]
            if not month.isdigit() and month[:3] not in MONTHS:
                continue
            try:
                return dt.date(
                    _whole_year(int(found["year"])),
                    int(month) if month.isdigit() else MONTHS[month[:3]],
                    int(found["day"]),
                )
            except ValueError:
                continue
    return None
