"""The configuration: one model, from which `config.yaml`, its schema and its documentation are made.

`python -m quakesite.config` writes those three files anew; a test fails when they drift.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, field_validator, model_validator

from quakesite.demo.settings import DemoSettings
from quakesite.download.settings import DownloadSettings
from quakesite.errors import InputError, nothing_there
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.picks.settings import PicksSettings
from quakesite.records.settings import RecordsSettings
from quakesite.settings import Section, validated
from quakesite.stations.settings import StationsSettings
from quakesite.tables import atomic_open
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.settings import TrainingSettings
from quakesite.windows.settings import WindowsSettings

DEMO = Path("resources/demo")
DEMO_ARCHIVE = str(DEMO / "archive")
DEMO_STATIONS = str(DEMO / "stations.xlsx")
DEMO_REPORTS = str(DEMO / "reports")
DEMO_MANUAL = str(DEMO / "manual_picks.csv")
DEMO_TRUTH = str(DEMO / "truth.csv")


class Config(Section):
    """The whole configuration. Every key can be overridden with `--config` or `--configfile`."""

    archive: Annotated[list[str], Field(min_length=1)] = [DEMO_ARCHIVE]
    """Folders (or zips) searched for records, any number. As cloned: a synthetic archive that is made on the
    first run."""

    results: str = "results"
    """Where everything is written, relative to the working directory (or to `--directory`)."""

    n_shards: Annotated[int, Field(ge=1, le=999)] = 8
    """Number of shards the stations are spread over; every shard is one job per stage. About one for every
    650 records, with manual picks 1,000. Another number starts from scratch."""

    records: RecordsSettings = RecordsSettings()
    stations: StationsSettings = StationsSettings()
    picks: PicksSettings = PicksSettings()
    windows: WindowsSettings = WindowsSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    demo: DemoSettings = DemoSettings()
    download: DownloadSettings = DownloadSettings()

    @field_validator("results")
    @classmethod
    def _path_as_snakemake_writes_it(cls, value: str) -> str:
        return str(Path(value))

    @model_validator(mode="after")
    def _windows_serve_the_experiments(self) -> Config:
        if self.uses_demo and len(self.archive) > 1:
            raise ValueError(f"archive: {DEMO_ARCHIVE} is synthetic and cannot be mixed with real records")
        for name in self.training.names:
            kind = EXPERIMENTS[name].window
            if kind not in self.windows.kinds:
                raise ValueError(f"windows.kinds: {kind!r} is missing, and experiment {name!r} needs it")
            if self.training.segment_s > self.windows.kinds[kind].length_s:
                raise ValueError(
                    f"training.segment_s: a segment of {self.training.segment_s:g} s is longer than the "
                    f"window {kind!r} of {self.windows.kinds[kind].length_s:g} s"
                )
        return self

    @property
    def uses_demo(self) -> bool:
        """Whether the synthetic archive is searched."""
        return DEMO_ARCHIVE in (str(Path(folder)) for folder in self.archive)

    def with_demo(self, stated: Collection[str] = ()) -> Config:
        """Returns the configuration with the synthetic archive's companions where it is the archive.

        Args:
            stated: keys of `training` that the user has set: their values stay, even at their defaults.
        """
        if not self.uses_demo:
            return self
        default = Config()
        stations = self.stations.model_copy(
            update={
                name: value
                for name, value in (("tables", [DEMO_STATIONS]), ("reports", [DEMO_REPORTS]))
                if getattr(self.stations, name) == getattr(default.stations, name)
            }
        )
        picks = self.picks
        if picks.manual is None:
            picks = picks.model_copy(update={"manual": DEMO_MANUAL})
        training = self.training.model_copy(
            update={
                name: value
                for name, value in self.demo.training.model_dump().items()
                if name not in stated and getattr(self.training, name) == getattr(default.training, name)
            }
        )
        return self.model_copy(update={"stations": stations, "picks": picks, "training": training})


def resolve(
    values: Mapping[str, Any],
    where: str | Path = "config",
    *,
    sources: Sequence[Mapping[str, Any]] | None = None,
) -> Config:
    """Returns the checked configuration, the synthetic archive's companions filled in.

    Args:
        values: every key that is set.
        where: what an error message calls them.
        sources: what `values` were put together from, file by file; None: from one.

    Raises:
        InputError: an unknown key, a wrong type or a broken cross-field rule.
    """
    checked = validated(Config, dict(values), where)
    stated: set[str] = set()
    for source in [values] if sources is None else sources:
        stated |= _stated(source)
    return checked.with_demo(stated)


def _stated(values: Mapping[str, Any]) -> set[str]:
    """Returns the keys of `training` that a file sets; none where it sets all, as `config.yaml` does.

    A file that has every key is `config.yaml` as cloned or a copy of it: its defaults are nobody's wish.
    """
    given = values.get("training")
    keys = set(given) if isinstance(given, Mapping) else set()
    return set() if keys >= set(TrainingSettings.model_fields) else keys


def load(path: str | Path = "config.yaml") -> Config:
    """Returns the configuration in the YAML file at `path`; the defaults where there is no such file.

    Raises:
        InputError: the file is not YAML, or not a valid configuration.
    """
    path = Path(path)
    return resolve(read_values(path), path) if path.exists() else resolve({})


def read_values(path: Path) -> dict[str, Any]:
    """Returns what stands in the YAML file at `path`, unchecked.

    Raises:
        InputError: the file cannot be read, is not YAML, or no mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise nothing_there(path, "YAML", "config.yaml of the checkout is one to copy") from None
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read", expected="YAML") from None
    except yaml.MarkedYAMLError as error:
        raise _broken(path, error) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(ord("\n"))
        found = f"byte {error.object[error.start]:#04x} in line {line}"
        raise InputError(path, found, expected="UTF-8 text", action="save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise InputError(path, str(error), expected="YAML") from None
    if not isinstance(values, dict):
        raise InputError(path, f"a {type(values).__name__}", expected="a mapping of keys to values")
    return values


def _broken(path: Path, error: yaml.MarkedYAMLError) -> InputError:
    """Returns the error of YAML that cannot be read, with the line where reading stopped."""
    mark = error.problem_mark or error.context_mark
    begun = error.context_mark
    since = f", {error.context} of line {begun.line + 1}" if begun and error.context else ""
    problem = error.problem or "cannot be read"
    tab = "indent by spaces, not by a tab" if "'\\t'" in problem else ""
    where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else path
    return InputError(
        where,
        f"{problem}{since}",
        expected="YAML",
        action=tab or "look for a missing bracket, quote or colon",
    )


def why_unreadable(*paths: str | Path) -> str:
    """Returns the one line on the first of the YAML files that cannot be read; empty where all can.

    For the Snakefile, before Snakemake reads them: it names neither the file nor the line.
    """
    for path in dict.fromkeys(Path(path).resolve() for path in paths):
        try:
            if path.exists():
                read_values(path)
        except InputError as error:
            return f"quakesite: {error}"
    return ""


def default_yaml() -> str:
    """Returns `config.yaml` as cloned: every key with its default, its description as a comment."""
    head = [
        "# yaml-language-server: $schema=workflow/schemas/config.schema.json",
        "# Made by `python -m quakesite.config` from src/quakesite/config.py; every key at its default.",
        "# Use your own values with `--configfile my.yaml` (only the keys that differ) or `--config`.",
    ]
    return "\n".join([*head, *_yaml_lines(Config(), 0)]) + "\n"


def _yaml_lines(section: BaseModel, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if depth == 0:
            yield ""
        text = field.description or (type(value).__doc__ if isinstance(value, BaseModel) else "")
        yield from (
            f"{pad}# {line}".rstrip() for line in (text or "").strip().replace("\n    ", "\n").split("\n")
        )
        if isinstance(value, BaseModel):
            yield f"{pad}{name}:"
            yield from _yaml_lines(value, depth + 1)
        else:
            yield f"{pad}{name}: {_yaml_value(value)}"


def _yaml_value(value: Any) -> str:
    plain = json.loads(json.dumps(value, default=lambda model: model.model_dump(mode="json")))
    return (
        yaml.safe_dump(plain, default_flow_style=True, width=10_000, sort_keys=False)
        .removesuffix("\n...\n")
        .strip()
    )


def json_schema() -> str:
    """Returns the JSON schema of the configuration, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def documentation() -> str:
    """Returns the table of all keys as Markdown."""
    lines = [
        "# Configuration",
        "",
        "Made by `python -m quakesite.config` from the model that checks it.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
        *_table_lines(Config(), ""),
    ]
    return "\n".join(lines) + "\n"


def _table_lines(section: BaseModel, prefix: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _table_lines(value, f"{prefix}{name}.")
        else:
            meaning = " ".join((field.description or "").split()).replace("|", "\\|")
            yield f"| `{prefix}{name}` | `{_yaml_value(value)}` | {meaning} |"


def generated(root: Path) -> dict[Path, str]:
    """Returns the files made from the model, under the checkout at `root`, with their contents."""
    return {
        root / "config.yaml": default_yaml(),
        root / "workflow/schemas/config.schema.json": json_schema(),
        root / "docs/configuration.md": documentation(),
    }


if __name__ == "__main__":
    for target, content in generated(Path(__file__).resolve().parents[2]).items():
        with atomic_open(target) as handle:
            handle.write(content)
