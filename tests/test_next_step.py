"""What a command is given that is not there or not what it takes: one line, and in it what to do next."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from quakesite import cli
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_parquet

STATION = "--stations stations.parquet"
OUT = "--out out.csv"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table of stations, a CSV of something else, and broken station lists."""
    monkeypatch.chdir(tmp_path)
    row = dict.fromkeys(STATIONS.names) | {"station": "3506", "network": "TK", "n_records": 0}
    write_parquet(pa.Table.from_pylist([row], schema=STATIONS), tmp_path / "stations.parquet")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "coordinates.csv").write_text("Code,Latitude,Longitude,Province\n3506,38,27,İzmir\n")
    (tmp_path / "names.csv").write_text("Site,Latitude,Longitude,Vs30\nAyvalık,38,27,400\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "records show nothing",
            "no such file or folder; expected a file, folder or zip of records; correct",
        ),
        ("records show empty", "empty: holds no record; expected TADAS .*; for another form see docs/"),
        ("stations check nothing", "no such file or folder; expected station lists .*; give the folder"),
        ("stations check coordinate", "did you mean 'coordinates.csv'"),
        ("stations check empty", "holds no .*; name a folder that has some: quakesite stations check FOLDER"),
        (
            "stations check",
            "resources/demo/stations.xlsx: no such .*; name your own: quakesite stations check",
        ),
        ("stations check coordinates.csv", "coordinates.csv: Vs30: column missing; .* found Code, Latitude"),
        ("stations check names.csv", "names.csv: Code: column missing; .* found Site, Latitude"),
        (f"stations explain 3560 {STATION}", "no station 3560; did you mean '3506'"),
        (f"stations explain 1101 {STATION}", "no station 1101; its 1 codes run from 3506 to 3506"),
        ("stations explain 3506", "no such file; run the workflow first, .*quakesite stations check FOLDER"),
        (
            "stations compare",
            "no such file or folder; .*snakemake --cores all results/stations/stations.parq",
        ),
        ("stations compare --archive nothing", "nothing: no such file or folder; .*correct --archive"),
        (
            "stations join --out a --conflicts b --rejects c --settings '[1]'",
            "--settings: .*keys with values",
        ),
        (
            "picks shard x.parquet --method phasenet --out a --rejects b",
            "--weights: not given, .*quakesite picks weights --network phasenet --out phasenet.safetensors",
        ),
        ("picks shard x.parquet --method manual --out a --rejects b", "--manual: .*quakesite annotate merge"),
        ("picks export stations.parquet --out a.xml", "columns? missing.*another table; give the right one"),
        (
            f"training train beta_auto_pg --trial 1 {STATION} --splits s --out-dir d",
            "did you mean 'beta_auto_p",
        ),
        (
            f"training train gamma_ps_auto --trial 1 {STATION} --splits s --out-dir d",
            "training pretrain --help",
        ),
        (
            f"evaluation table1 --splits no.csv {STATION} {OUT}",
            "no.csv.* No such file or directory; make it, or correct its name",
        ),
        (f"evaluation table2 {STATION} {OUT} --experiments beta_auto_pg", "did you mean 'beta_auto_pga'"),
        (
            f"evaluation ablation nothing {STATION} {OUT}",
            "no trained trial .*snakemake --cores all results/abl",
        ),
        ("evaluation summary", "results: no such .*snakemake --cores all"),
        (
            f"evaluation flatfile no --picks no {STATION} {OUT}",
            "no: no such file; .*make it, or correct its name",
        ),
        ("figures fig3 no.parquet --out a.svg", "no.parquet: no such file; .*quakesite windows shard"),
        (
            "figures fig4 no.csv --out a.svg",
            "no.csv: no such .*snakemake --cores all results/figures/fig4.svg",
        ),
        ("figures fig4 other.csv --out a.svg", r"expected training/\{experiment\}/\{trial\}/history.csv"),
        ("figures skill other.csv --out a.svg", "other.csv: name, kind.*: column missing; .*found a, b"),
        ("figures predicted other.csv --out a.svg", "other.csv: station, vs30.*: column missing"),
        ("figures fig5 other.csv --out a.svg", "other.csv: station, latitude.*: column missing"),
        ("figures fig6 other.csv --out a.svg", "other.csv: region, n_st.*: column missing"),
        ("figures agreement other.csv --out a.svg", "other.csv: method, ref.*: column missing"),
        ("figures learning-curve other.csv --out a.svg", "other.csv: name, trial.*: column missing"),
        ("annotate --annotator Ayşe", "results/records: no shard of records; make them first: snakemake"),
    ],
)
def test_wrong_input_costs_one_line_that_says_what_to_do(
    line: str,
    said: str,
    nowhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["quakesite", *shlex.split(line)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert re.search(said, message), message


def test_list_without_vs30_in_a_folder_says_so_and_the_others_are_read(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["quakesite", "stations", "check", ".", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    printed = capsys.readouterr().out
    assert "report: no Vs30 column for a station list" in printed
    assert "report: no Code column for a station list" in printed


def test_output_that_may_not_be_written_is_named_and_not_its_temporary_file(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        # As pyarrow says it: an error number, no file name, the temporary path in the text.
        names = sorted(path.name for path in nowhere.glob(".*.tmp")) or [".out.parquet.1.tmp"]
        raise PermissionError(13, f"Failed to open local file '{names[0]}'. Detail: [errno 13] denied")

    monkeypatch.setattr("pyarrow.parquet.write_table", refused)
    words = ["picks", "join", "--out", "out.parquet"]
    monkeypatch.setattr(sys, "argv", ["quakesite", *words])
    monkeypatch.setattr("quakesite.tables.temporary_name", lambda *_: ".out.parquet.1.tmp")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said == (
        "quakesite: out.parquet: cannot be written (Permission denied); "
        "get the right to write there, and run the same command again\n"
    )
