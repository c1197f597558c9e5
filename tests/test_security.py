"""Files from elsewhere are data: nothing in them is executed, and none of them fills the memory.

SECURITY.md says what is defended against; each claim it makes has its test here or in the stage it names.
"""

from __future__ import annotations

import ast
import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quakesite.errors import InputError

# What must not stand in the sources. A call is named as it would be without aliases: `np.load` is numpy.load.

FORBIDDEN = re.compile(
    r"(c?[pP]ickle|_pickle|dill|cloudpickle|joblib|marshal|shelve|jsonpickle)(\..*)?"
    r"|numpy\.load|pandas\.(read_pickle|read_hdf|eval)|.*\.read_pickle"
    r"|yaml\.(load|load_all|full_load|full_load_all|unsafe_load|unsafe_load_all)"
    r"|eval|exec|compile|__import__|builtins\..*|os\.(system|popen|exec\w*|spawn\w*)"
    r"|shutil\.unpack_archive|.*\.(extract|extractall)"
    r"|.*\.(load_from_checkpoint|from_pretrained)|torch\.(jit\.load|hub\..*|package\..*)"
    r"|xml\..*|lxml(\..*)?"
)
ALLOWED = {
    ("picks/weights.py", "pickle"): "names what `torch.load(weights_only=True)` raises",
    ("models/published.py", "pickle"): "names what `torch.load(weights_only=True)` raises",
    ("training/fit.py", "pickle"): "names what `torch.load(weights_only=True)` raises",
    ("picks/origins.py", "archive.extract"): "one named member of a wheel whose sha256 has been checked",
    ("stations/document.py", "table.extract"): "pdfplumber: the text of a table's cells",
}
MUST_SAY = {
    # function: (keyword, value it must have; None: any)
    "torch.load": ("weights_only", True),
    "obspy.read": ("format", None),
    "obspy.read_events": ("format", None),
    "obspy.read_inventory": ("format", None),
}
"""ObsPy looks for the format itself where none is given, by unpickling the file among other things."""


def aliases(tree: ast.Module) -> dict[str, str]:
    """Returns what each imported name stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                found[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
    return found


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Returns the full name of what is called; a method of something computed is `?.method`."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, names)}.{node.attr}"
    return "?"


def faults(source: str) -> Iterator[str]:
    """Yields the name of each import and call in `source` that could execute what stands in a file."""
    tree = ast.parse(source)
    names = aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if FORBIDDEN.fullmatch(one.name))
        elif isinstance(node, ast.ImportFrom) and node.module and FORBIDDEN.fullmatch(node.module):
            yield node.module
        elif isinstance(node, ast.Call):
            yield from _faults_of_call(node, dotted(node.func, names))


def _faults_of_call(node: ast.Call, called: str) -> Iterator[str]:
    keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    if FORBIDDEN.fullmatch(called):
        yield called
    if called in MUST_SAY:
        name, value = MUST_SAY[called]
        said = keywords.get(name)
        if said is None or (value is not None and not _is(said, value)):
            yield f"{called} without {name}"
    for name, safe in (("shell", False), ("allow_pickle", False)):
        if name in keywords and not _is(keywords[name], safe):
            yield f"{called} with {name}"
    if "ckpt_path" in keywords and not _is(keywords.get("weights_only"), True):
        yield f"{called} with ckpt_path, without weights_only"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_no_source_calls_what_could_execute_a_file(root: Path) -> None:
    found = [
        (str(path.relative_to(root / "src/quakesite")), fault)
        for path in sorted((root / "src/quakesite").rglob("*.py"))
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert [one for one in found if one not in ALLOWED] == []


def test_no_rule_of_the_workflow_executes_python_of_its_own(root: Path) -> None:
    """Rules are shells over a tested command, with every path quoted; no run: or script: that could load."""
    for path in [root / "Snakefile", *sorted((root / "workflow/rules").glob("*.smk"))]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(pickle|eval|exec|os\.system|yaml\.load)\b", text), path
        assert not re.search(r"^\s+(run|script|notebook):", text, re.MULTILINE), path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import numpy as np; np.load(path)",
        "import numpy as np; np.asarray(path, allow_pickle=True)",
        "import torch; torch.load(path)",
        "import torch as t; t.load(path, weights_only=False)",
        "from torch import load; load(path, weights_only=flag)",
        "import obspy; obspy.read(path)",
        "from obspy import read_events as r; r(path)",
        "import yaml; yaml.load(text, Loader=yaml.Loader)",
        "import subprocess; subprocess.run(text, shell=True)",
        "eval(text)",
        "trainer.fit(model, ckpt_path=path)",
        "Model.load_from_checkpoint(path)",
        "import zipfile; zipfile.ZipFile(p).extractall()",
        "import xml.etree.ElementTree as ET",
        "import pandas as pd; pd.read_pickle(p)",
        "import os; os.system(x)",
    ],
)
def test_the_search_finds(source: str) -> None:
    assert list(faults(source))


def test_the_search_lets_safe_calls_through() -> None:
    source = (
        "import torch, obspy, yaml, re\nmodel.eval()\nre.compile(x)\nyaml.safe_load(x)\n"
        "torch.load(p, weights_only=True)\nobspy.read(p, format='MSEED')\n"
        "trainer.fit(m, ckpt_path=p, weights_only=True)"
    )
    assert list(faults(source)) == []


# Files that would execute something, in every place where a user can give one


class Intruder:
    """Makes a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.mark), "w"))


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """The file that an intruder would make."""
    return tmp_path / "intruder-was-here"


@pytest.fixture
def pickled(mark: Path) -> bytes:
    """A pickle with an intruder in it."""
    return pickle.dumps({"model_state": Intruder(mark)}, protocol=2)


@pytest.fixture
def checkpoint(mark: Path) -> bytes:
    """The same as `torch.save` writes it."""
    import torch

    handle = io.BytesIO()
    torch.save({"state_dict": Intruder(mark)}, handle)
    return handle.getvalue()


def obspy_stream(mark: Path) -> bytes:
    """Returns a Stream as ObsPy's PICKLE format has it, with an intruder in it."""
    import numpy as np
    from obspy import Stream, Trace

    stream = Stream([Trace(np.zeros(10), {"station": "0208"})])
    stream[0].stats.intruder = Intruder(mark)
    handle = io.BytesIO()
    pickle.dump(stream, handle, protocol=2)
    return handle.getvalue()


def test_the_intruder_is_alive(pickled: bytes, checkpoint: bytes, mark: Path) -> None:
    """Else what follows would prove nothing."""
    import torch

    pickle.loads(pickled)  # noqa: S301
    assert mark.exists()
    mark.unlink()
    torch.load(io.BytesIO(checkpoint), weights_only=False)
    assert mark.exists()


def test_obspy_left_to_find_the_format_would_execute_it(tmp_path: Path, mark: Path) -> None:
    """Why no reader here ever leaves the format open."""
    import obspy

    (tmp_path / "a.mseed").write_bytes(obspy_stream(mark))
    obspy.read(str(tmp_path / "a.mseed"))
    assert mark.exists()


@pytest.mark.parametrize("name", ["20230206011732_0208.mseed", "20230206011732_0208_mp_Acc_E.asc"])
@pytest.mark.parametrize("suffix", [None, ".mat", ".txt", ".xml", ".seed"])
def test_a_pickle_in_the_archive_is_refused(
    tmp_path: Path, mark: Path, name: str, suffix: str | None
) -> None:
    from quakesite import records

    folder = tmp_path / "archive"
    folder.mkdir()
    path = (folder / name).with_suffix(suffix) if suffix else folder / name
    path.write_bytes(obspy_stream(mark))
    with pytest.raises(InputError) as refused:
        records.read(folder)
    assert "\n" not in str(refused.value)
    assert not mark.exists()


def read_weights_of_picker(path: Path) -> object:
    from quakesite.picks.weights import read_seisbench

    path.with_name("original.json.v3").write_text(json.dumps({"model_args": {}}))
    return read_seisbench(path.rename(path.with_name("original.pt.v3")))


def read_published(path: Path) -> object:
    from quakesite.models.published import load_published

    return load_published(path)


def read_safetensors_of_picker(path: Path) -> object:
    from quakesite.picks.weights import read_weights

    return read_weights(path)


def read_trained(path: Path) -> object:
    from quakesite.training.weights import load_trained

    return load_trained(path)


def read_keras(path: Path) -> object:
    from quakesite.picks.keras import read_keras

    return read_keras(path)


def read_model(path: Path) -> object:
    from quakesite.evaluation.loading import load_model

    path.rename(path.with_name("model.json"))
    return load_model(path.parent)


def read_shard(path: Path) -> object:
    from quakesite.picks.schema import PICKS
    from quakesite.tables import read_parquet

    return read_parquet(path, PICKS)


def read_manual_picks(path: Path) -> object:
    from quakesite.picks.manual import read_manual

    return read_manual(path)


def read_quakeml(path: Path) -> object:
    from quakesite.picks.quakeml import read_quakeml

    return read_quakeml(path)


def read_table(path: Path) -> object:
    from quakesite.stations.tables import check_tables

    return check_tables([path.rename(path.with_suffix(".csv"))])


def read_workbook(path: Path) -> object:
    from quakesite.stations.tables import check_tables

    return check_tables([path.rename(path.with_suffix(".xlsx"))])


def read_config(path: Path) -> object:
    from quakesite.config import load

    return load(path)


def read_layouts(path: Path) -> object:
    from quakesite.stations.report_layouts import read_layouts

    path.rename(path.with_suffix(".yaml"))
    return read_layouts([path.parent])


def read_profile(path: Path) -> object:
    from quakesite.doctor.cluster import read_profile

    path.rename(path.with_name("config.yaml"))
    return read_profile(path.parent)


READERS = [
    *(
        read_weights_of_picker,
        read_published,
        read_safetensors_of_picker,
        read_trained,
        read_keras,
        read_model,
    ),
    *(read_shard, read_manual_picks, read_quakeml, read_table, read_workbook),
    *(read_config, read_layouts, read_profile),
]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pickled", "checkpoint"])
def test_a_pickle_is_refused_in_one_clear_line(
    tmp_path: Path, mark: Path, request: pytest.FixtureRequest, reader: Callable[[Path], object], kind: str
) -> None:
    path = tmp_path / "given" / "file.pt"
    path.parent.mkdir()
    path.write_bytes(request.getfixturevalue(kind))
    with pytest.raises(InputError) as refused:
        reader(path)
    assert "\n" not in str(refused.value)
    assert not mark.exists()


def test_a_training_checkpoint_with_code_in_it_does_not_run(
    tmp_path: Path, mark: Path, checkpoint: bytes
) -> None:
    from quakesite.training import fit

    path = tmp_path / "checkpoints" / "last.ckpt"
    path.parent.mkdir()
    path.write_bytes(checkpoint)
    training: Any = type("Training", (), {"key": "k"})()
    assert not fit._resume(training, path), "training starts again"
    assert not path.exists()
    assert not mark.exists()


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    from quakesite.stations import cells

    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", bytes(cells.LARGEST_WORKBOOK + 1))
    with pytest.raises(InputError, match="unpacks to 32 MB"):
        list(cells.rows(path))


YAML_CODE = [
    "!!python/object/apply:builtins.open ['{mark}', 'w']",
    "archive: !!python/object/new:pathlib.Path ['{mark}']",
    "__use_yte__: true\narchive:\n  - ?open('{mark}', 'w').name\n",  # Snakemake itself executes this one
]


@pytest.mark.parametrize("text", YAML_CODE)
@pytest.mark.parametrize("reader", [read_config, read_layouts])
def test_yaml_with_code_in_it_is_refused(
    tmp_path: Path, mark: Path, text: str, reader: Callable[[Path], object]
) -> None:
    path = tmp_path / "given" / "my.yaml"
    path.parent.mkdir()
    path.write_text(text.format(mark=mark))
    with pytest.raises(InputError):
        reader(path)
    assert not mark.exists()


def test_arrays_of_objects_are_refused(tmp_path: Path, mark: Path) -> None:
    """A .npz or .npy with pickled objects, under the names of what is read."""
    import numpy as np

    array = np.array([Intruder(mark)], dtype=object)
    for number, reader in enumerate((read_shard, read_trained, read_workbook, read_keras)):
        path = tmp_path / str(number) / "a.npz"
        path.parent.mkdir()
        np.savez(path, a=array)
        with pytest.raises(InputError):
            reader(path)
    assert not mark.exists()
