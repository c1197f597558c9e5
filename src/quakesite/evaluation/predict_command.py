"""The `quakesite predict` command: Vs30 from a user's own records, without Snakemake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quakesite.progress import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quakesite.evaluation.layout import Row
    from quakesite.evaluation.pooling import Estimate
    from quakesite.evaluation.saved import AnyModel
    from quakesite.records.record import Record
    from quakesite.rejects import Reject

FORMS = (".csv", ".geojson", ".json")
BEYOND = "beyond_training"
"""The column that comes behind those of `predictions.csv`."""


def predict(
    records: Annotated[
        list[Path], typer.Argument(help="Records of any form: files, folders or zips, any number.")
    ],
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            help="Folder of a trained model, e.g. results/models/hvsr_forest; or a run's results, whose best "
            "model (ranking.csv) it then is.",
        ),
    ] = Path("results"),
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Weights of the picking network, as `quakesite picks weights` writes them or in SeisBench's "
            "form. Default: those in resources/weights, where they are."
        ),
    ] = None,
    no_picks: Annotated[
        bool,
        typer.Option(
            "--no-picks",
            help="Pick nothing, and refuse no record for its noise. Not with a model that needs picks.",
        ),
    ] = False,
    network: Annotated[
        Path | None, typer.Option(help="The Python file of the network, where it is one of your own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Also write to this file: .csv, or .geojson for a map.")
    ] = None,
) -> None:
    """Predict Vs30 at the stations of your own records with a trained model, without Snakemake."""
    from quakesite.errors import InputError

    if out is not None and out.suffix.lower() not in FORMS:
        raise InputError("--out", out.name, expected=f"a name that ends in {', '.join(FORMS)}")
    if no_picks and weights is not None:
        raise InputError("--weights", str(weights), action="leave out --no-picks, or --weights")
    from quakesite.evaluation.loading import load_model
    from quakesite.evaluation.predict import beyond, predict_records, read_records
    from quakesite.models.own import use
    from quakesite.picks.networks import NETWORKS

    if network is not None:
        use(network)
    loaded = load_model(model)
    if loaded.folder != model:
        say(f"model: {loaded.folder}, the best of {model} on validation stations")
    used = None if no_picks else _weights(loaded, weights)
    rejects: list[Reject] = []
    found = read_records(records, rejects)
    estimates = predict_records(loaded, found, used, rejects)
    for record in found:
        for one in beyond(record, loaded):
            say(f"beyond what {loaded.name} has seen: {record.record_id}: {one}")
    for reject in rejects:
        say(f"refused: {reject.record_id or reject.source}: {reject.reason}: {reject.detail}")
    if not estimates:
        action = "give --no-picks to refuse none for its noise" if not no_picks else ""
        raise InputError(
            str(records[0]), f"none of {len(found)} records can be predicted from", action=action
        )
    from quakesite.evaluation.product import row_of

    rows: list[Row] = [
        {
            **row_of(
                one,
                network=next(record.network for record in found if record.station == one.station),
                latitude=_first(one.station, found, "st_latitude"),
                longitude=_first(one.station, found, "st_longitude"),
                vs30_measured=_first(one.station, found, "vs30_m_s"),
            ),
            BEYOND: "; ".join(one.beyond),
        }
        for one in estimates
    ]
    picked = used is not None or loaded.picks.methods[0] not in NETWORKS
    notes = _notes(loaded, estimates, picked=picked)
    _write(rows, out, notes)
    typer.echo(_json(rows, loaded, notes) if as_json else _table(rows, loaded, found, notes), nl=False)


def _first(station: str, records: Sequence[Record], field: str) -> float | None:
    """Returns what the first of a station's records that knows it says."""
    values = (getattr(record, field) for record in records if record.station == station)
    return next((float(value) for value in values if value is not None), None)


def _weights(model: AnyModel, given: Path | None) -> Path | None:
    """Returns the weights to pick with; None where the model has no use for them."""
    from quakesite.errors import InputError
    from quakesite.picks.networks import NETWORKS

    method = model.picks.methods[0]
    if method not in NETWORKS or not model.looks_at_picks:
        return None
    usual = Path("resources/weights") / f"{method}.safetensors"
    if given is not None or usual.exists():
        return given or usual
    if not model.cannot_do_without_picks and not model.limits:
        return None
    limits = " and ".join(f"{name} {value:g}" for name, value in sorted(model.limits.items()))
    what = model.picks_are_for if model.cannot_do_without_picks else f"its limits ({limits})"
    otherwise = "" if model.cannot_do_without_picks else ", or give --no-picks to do without these limits"
    raise InputError(
        "--weights",
        f"not given, and {model.name} needs the picks of {method} for {what}",
        action=f"`quakesite picks weights --out {usual}` gets them{otherwise}",
    )


def _write(rows: Sequence[Row], out: Path | None, notes: Sequence[str]) -> None:
    if out is None:
        return
    from quakesite.evaluation.geojson import write_geojson
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.product import COLUMNS

    if out.suffix.lower() == ".csv":
        write_csv(rows, (*COLUMNS, BEYOND), out)
    else:
        write_geojson(rows, out, " ".join(notes))


def _json(rows: Sequence[Row], model: AnyModel, notes: Sequence[str]) -> str:
    import json

    from quakesite.evaluation.geojson import DECIMALS, PLACE_DECIMALS, plain

    digits = {"latitude": PLACE_DECIMALS, "longitude": PLACE_DECIMALS}
    said: dict[str, object] = {
        "model": model.name,
        "stations": [
            {name: plain(value, digits.get(name, DECIMALS)) for name, value in row.items()} for row in rows
        ],
    }
    if notes:
        said["note"] = " ".join(notes)
    return json.dumps(said, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _notes(model: AnyModel, estimates: Sequence[Estimate], *, picked: bool) -> list[str]:
    """Returns what a user must know of the figures: what speaks against the model, what was not looked at."""
    from quakesite.evaluation.product import clipped_words
    from quakesite.evaluation.ranking import better_than

    notes = []
    if model.audit:
        notes.append(f"Caution: {model.audit}")
    better = better_than(model.folder)
    if better is not None:
        notes.append(f"The run that made it recommends another model: --model {better}")
    n_clipped = sum(one.n_clipped for one in estimates)
    if n_clipped:
        notes.append(f"{clipped_words(n_clipped)}.")
    if model.limits and not picked:
        limits = " and ".join(f"{name} {value:g}" for name, value in sorted(model.limits.items()))
        notes.append(f"Nothing was picked: the model's records keep {limits}, these may not.")
    if model.about["synthetic"]:
        notes.append("The model was trained on a synthetic archive: no figure here is about a real site.")
    return notes


def _table(rows: Sequence[Row], model: AnyModel, records: Sequence[Record], notes: Sequence[str]) -> str:
    coverage = f"{100 * model.about['coverage']:.0f} % interval"
    header = ("station", "records", "Vs30 (m/s)", coverage, "class", "probability", "remarks")
    lines = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    aligned = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    used = sum(int(row["n_records"] or 0) for row in rows)
    tail = [f"{used} of {len(records)} records, model {model.name} ({model.kind})", *notes]
    return "\n".join([*(line.rstrip() for line in aligned), "", *tail]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    low, high = row["vs30_low"], row["vs30_high"]
    site_class = str(row["site_class"])
    remarks = []
    if row["outside_data"]:
        remarks.append(f"outside the data (p {row['outside_p']:.2f})")
    if row[BEYOND]:
        remarks.append("beyond the training data")
    if not row["out_of_fold"]:
        remarks.append("the model has learnt from this station")
    if row["vs30_measured"] is not None:
        remarks.append(f"header: {row['vs30_measured']:.0f} m/s")
    return (
        str(row["station"]),
        str(row["n_records"]),
        f"{row['vs30_predicted']:.0f}",
        "too few stations" if low is None or high is None else f"{low:.0f} to {high:.0f}",
        site_class,
        f"{row[f'probability_{site_class.lower()}']:.2f}",
        ", ".join(remarks),
    )
