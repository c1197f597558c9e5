"""Layouts of MASW reports: what their labels and column headings are called, described in YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, field_validator

from quakesite.errors import InputError
from quakesite.settings import Section, validated

PACKAGED = Path(__file__).parent / "layouts"

FieldName = Literal["station", "network", "vs30", "uncertainty", "date", "method", "latitude", "longitude"]
ColumnName = Literal["station", "thickness", "top", "bottom", "depth", "vs"]

BETWEEN = r"\s*(?:[(\[]\s*(?P<unit_before>[^)\]]*)[)\]])?\s*[:=]?\s*"
SEXAGESIMAL = (
    r"-?\d{1,3}\s*(?:°\s*\d{1,2}(?:[.,]\d+)?\s*['’‘′]?(?:\s*\d{1,2}(?:[.,]\d+)?\s*[\"”“″′'’]{0,2})?"
    r"|\s\s*\d{1,2}\s*['’‘′]\s*\d{1,2}(?:[.,]\d+)?\s*[\"”“″′'’]{0,2}"
    r"|:\d{2}:\d{2}(?:[.,]\d+)?)"
)
"""Degrees, minutes and perhaps seconds; in folded text a raised o in place of the degree sign is a blank."""

VALUES: dict[FieldName, str] = {
    "station": r"(?:(?P<network>[a-z][a-z0-9]?)[ ._-])?(?P<value>\d{3,4}|[a-z][a-z0-9]{1,6})\b",
    "network": r"(?P<value>[a-z][a-z0-9]{0,2})\b",
    "vs30": r"(?P<value>\d[\d.,]*)\s*(?P<unit>(?:k?m|ft)\s*/\s*s\w*)?(?!\s*[-/*<>\d])",
    "uncertainty": r"(?:±|\+\s*/\s*-)?\s*(?P<percent>%\s*)?(?P<value>\d[\d.,]*)"
    r"\s*(?P<unit>%|(?:k?m|ft)\s*/\s*s\w*)?",
    "date": r"(?P<value>\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}\s+[a-z]+\s+\d{4})",
    "method": r"(?P<value>\S.*?)(?=\s{2}|$)",
    "latitude": rf"(?P<value>(?:[nskg]\s*)?(?:{SEXAGESIMAL}|-?\d{{1,2}}[.,]\d+)(?:\s?°?\s?[nskg]\b)?)",
    "longitude": rf"(?P<value>(?:[ewdb]\s*)?(?:{SEXAGESIMAL}|-?\d{{1,3}}[.,]\d+)(?:\s?°?\s?[ewdb]\b)?)",
}
"""What follows a label, by field, in folded text."""
RESERVED = ("unit_before", "unit", "percent", "network")
"""Groups that stand in these expressions; a label may have them only beside a group `value` of its own."""


class Column(Section):
    """A column of the layer table: how its heading may read, and its unit where the heading names none."""

    headings: Annotated[list[str], Field(min_length=1)]
    """Regular expressions, searched in the heading as lower-case ASCII."""

    unit: Literal["m", "cm", "mm", "km", "ft", "m/s", "km/s", "cm/s", "ft/s"] | None = None
    """m and m/s where it is not given."""

    @field_validator("headings")
    @classmethod
    def _compile(cls, patterns: list[str]) -> list[str]:
        return [_checked(pattern) for pattern in patterns]

    def matches(self, heading: str) -> bool:
        """Returns whether a folded heading is this column's."""
        return any(re.search(pattern, heading) for pattern in self.headings)


class Layout(Section):
    """One kind of report."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    """Shown in the trail of each value."""

    about: str
    """Which reports these are."""

    fields: dict[FieldName, list[str]]
    """Labels of single values as regular expressions, searched in a line as lower-case ASCII. The value
    follows the label, after `:`, `=`, a unit in brackets or a blank; or is the expression's group `value`."""

    columns: dict[ColumnName, Column]
    """Columns of the layer table: `vs`, and `thickness`, `depth` or `top` and `bottom`; `station` where one
    table holds the layers of several stations."""

    half_space: Annotated[list[str], Field(default_factory=list)]
    """What stands for the thickness of the half-space below the last layer, as regular expressions."""

    station_in_file_name: str | None = None
    """A regular expression with a group `value`, for files that do not name their station; the file name
    without its ending is lower-case ASCII as well."""

    @field_validator("fields")
    @classmethod
    def _compile_fields(cls, fields: dict[FieldName, list[str]]) -> dict[FieldName, list[str]]:
        for name, patterns in fields.items():
            for pattern in patterns:
                _checked(pattern)
                _checked(_whole(name, pattern), pattern)
        return fields

    @field_validator("half_space")
    @classmethod
    def _compile_half_space(cls, patterns: list[str]) -> list[str]:
        return [_checked(pattern) for pattern in patterns]

    @field_validator("station_in_file_name")
    @classmethod
    def _compile_file_name(cls, pattern: str | None) -> str | None:
        if pattern is not None and "(?P<value>" not in pattern:
            raise ValueError("the expression has no group (?P<value>...)")
        return _checked(pattern) if pattern is not None else None

    @cached_property
    def field_patterns(self) -> dict[FieldName, list[re.Pattern[str]]]:
        """The fields' labels together with the values that follow them."""
        return {
            name: [re.compile(_whole(name, pattern)) for pattern in patterns]
            for name, patterns in self.fields.items()
        }


def _whole(name: FieldName, pattern: str) -> str:
    """Returns the expression for a label and the value that follows it."""
    return pattern if "(?P<value>" in pattern else f"(?:{pattern}){BETWEEN}{VALUES[name]}"


def _checked(pattern: str, shown: str = "") -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        reserved = f"; the groups {', '.join(RESERVED)} are the package's own" if shown else ""
        raise ValueError(f"{shown or pattern!r} is no regular expression ({error}){reserved}") from None
    return pattern


def layout_files(folders: Sequence[str | Path] = ()) -> list[Path]:
    """Returns the layout files, those of the user's folders first, the package's own last.

    Raises:
        InputError: a folder is missing.
    """
    found: list[Path] = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(folder, "no such folder", field="stations.layouts")
        found += sorted(folder.glob("*.yaml"))
    return [*found, *sorted(PACKAGED.glob("*.yaml"))]


def read_layouts(folders: Sequence[str | Path] = ()) -> list[Layout]:
    """Returns the layouts, the user's first; of two with one name the first counts.

    Raises:
        InputError: a folder is missing, or a file is no layout; names the key.
    """
    layouts: dict[str, Layout] = {}
    for path in layout_files(folders):
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(path, str(error), expected="YAML") from None
        layout = validated(Layout, values, path)
        layouts.setdefault(layout.name, layout)
    return list(layouts.values())
