"""Captions of figures and tables: reStructuredText templates filled with the run's own numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quakesite.errors import InputError
from quakesite.figures.contents import FIGURES, SYNTHETIC, TABLES
from quakesite.figures.numbers import RunNumbers


class Captions(dict[str, str]):
    """Caption by name of a figure or table, filled in when first asked for (a dictionary as `RunNumbers` is).

    Attributes:
        folder: where the templates are (`workflow/report`), `{name}.rst` each.
    """

    def __init__(self, folder: str | Path, run: RunNumbers) -> None:
        super().__init__()
        self.folder, self.run = Path(folder), run

    def __missing__(self, name: str) -> str:
        self[name] = self._filled(name)
        return self[name]

    def _filled(self, name: str) -> str:
        from jinja2 import Environment, StrictUndefined, TemplateError

        template = self.folder / f"{name}.rst"
        if not template.is_file():
            entry = FIGURES.get(name) or TABLES.get(name.removeprefix("table-"))
            return f"{entry.title if entry else name}.{self._mark()}"
        environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        environment.filters["listed"] = listed
        environment.filters["counted"] = counted
        try:
            text = environment.from_string(template.read_text(encoding="utf-8")).render(run=self.run)
        except TemplateError as error:
            raise InputError(
                template, str(error), expected="a caption that the run's numbers fill"
            ) from error
        return text.strip() + self._mark()

    def _mark(self) -> str:
        return f"\n\n*Made from the {SYNTHETIC}.*" if self.run.synthetic else ""


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Returns a number with its noun: `1 station`, `2 stations`; `nouns` for an odd plural."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def listed(names: Any) -> str:
    """Returns names as a person lists them: `a, b and c`; `none` of none."""
    given = [str(name) for name in names]
    if not given:
        return "none"
    return given[0] if len(given) == 1 else f"{', '.join(given[:-1])} and {given[-1]}"
