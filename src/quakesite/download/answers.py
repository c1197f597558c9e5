"""Reads what the services say: JSON of a shape that nobody documents, and pages that are no answer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any

from quakesite.download.client import Answer, words
from quakesite.download.faults import Fault, Reason

WRAPPERS = ("data", "result", "results", "items", "events", "waveforms")
"""Keys under which the list of rows may stand (some clients saw `data` or `result`, most a bare list)."""


def is_page(answer: Answer) -> bool:
    """Whether an answer is a web page, whatever its status says."""
    head = answer.head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype", b"<html", b"<head", b"<body")) or (
        "text/html" in answer.content_type.lower() and head.startswith(b"<")
    )


def parsed(url: str, answer: Answer, content: IO[bytes]) -> Any:
    """Returns the JSON value of an answer, null where it has no content.

    Raises:
        Fault: it is a web page, or no JSON.
    """
    if answer.size == 0:
        return None
    if is_page(answer):
        raise Fault(url, Reason.HTML_PAGE, f"a web page: {words(answer.head)}")
    content.seek(0)
    try:
        return json.loads(content.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        found = f"{words(answer.head)!r} ({answer.content_type or 'no Content-Type'}; {error})"
        raise Fault(url, Reason.NOT_UNDERSTOOD, found) from None


def rows_of(url: str, value: Any) -> list[Any]:
    """Returns the rows in the JSON `value`: a list, or an object that holds one; none for null.

    Raises:
        Fault: no list of rows is in it.
    """
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for key in WRAPPERS:
            if key in value and (value[key] is None or isinstance(value[key], list)):
                return value[key] or []
    raise Fault(url, Reason.NOT_UNDERSTOOD, f"{json.dumps(value, ensure_ascii=False)[:200]}")


def first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Returns the value under the first of `names` that `row` has and that is not null."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def text(value: Any) -> str:
    """Returns a JSON value as one line of text that can be written as UTF-8, empty for null."""
    line = " ".join(str(value).split()) if value is not None else ""
    return line.encode("utf-8", "replace").decode()


def number(value: Any) -> float | None:
    """Returns a number that stands as a number or as text (`"4.1"`), null where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def truth(value: Any) -> bool:
    """Returns whether a flag is set, as JSON or as text."""
    return value is True or text(value).lower() in ("true", "1")


_RECORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-+]*", re.ASCII)
LONGEST_NAME = 150


def is_record_name(name: str) -> bool:
    """Whether `name` can be a record's, and a part of a file's name anywhere."""
    return len(name) <= LONGEST_NAME and bool(_RECORD.fullmatch(name)) and is_safe_name(name)


def is_safe_name(name: str) -> bool:
    """Whether `name` is that of one file or folder, and no way out of the one it is in."""
    separates = set(name) & set("/\\:")
    return 0 < len(name) <= LONGEST_NAME and ".." not in name and name.isprintable() and not separates
