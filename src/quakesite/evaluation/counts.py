"""`counts.csv`: stations, events and records of this run beside the paper's, each difference named.

The paper's numbers: Yilmaz, Akagündüz and Tileylioglu, arXiv 2503.05224, section II.A (stations, records,
classes), section III.B (annotations) and the caption of Figure 5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakesite.evaluation.flatfile import RecordPicks, picks_by_record, stations_by_code, vs30_of
from quakesite.evaluation.layout import Row, markdown, text
from quakesite.records.geodesy import distance_and_azimuth
from quakesite.records.schema import CATALOGUE
from quakesite.records.settings import RecordsSettings
from quakesite.records.times import parse_stamp
from quakesite.stations.schema import CLASSES, STATIONS, site_class
from quakesite.tables import read_parquet

COLUMNS = ("section", "quantity", "ours", "paper", "difference")
YEARS, MAGNITUDES = (2012, 2018), (2.2, 6.5)
"""What the paper's 36,417 records are of."""

PAPER_NETWORK = "TK"
MANUAL = "manual"
CLASS_SHARES = {"B": (11.7, 15.79), "C": (57.0, 54.5), "D": (30.5, 29.36)}
"""Per cent of the stations and of the records that the paper has in a class; it prints no others."""

OF_RECORD = (
    *("record_id", "network", "station", "event_id", "event_time", "ev_latitude", "ev_longitude"),
    *("magnitude", "form"),
)

SAME_EVENT_S, SAME_EVENT_KM = 10.0, 50.0
"""Origins that lie closer in both are one event: agencies give one under two ids, seconds apart."""

VS30_DIFFERS = (
    "the paper's Vs30 are MASW's, ours are those of MASW reports, else of the station list, else of the "
    "record's header, which do not say how they were measured"
)
SCOPE_DIFFERS = (
    "ours by the header's Mw, else ML; whose magnitudes the paper takes, and which of AFAD's records it "
    "could not use, it does not say"
)
PICKS_DIFFER = (
    "the paper has this many 'annotated using the EQT method', not saying of which records, at which "
    "thresholds, or whether both phases are meant; ours have P and S above the configuration's thresholds"
)


def counts(
    catalogue: str | Path,
    picks: str | Path,
    stations: str | Path,
    method: str,
    selection: RecordsSettings,
) -> list[Row]:
    """Returns the rows of `counts.csv`.

    Args:
        catalogue: `records/catalogue.parquet`.
        picks: `picks.parquet`.
        stations: `stations/stations.parquet`.
        method: the automatic pick method that is counted.
        selection: what the run's records were selected by.

    Raises:
        InputError: a table cannot be read.
    """
    records = read_parquet(catalogue, CATALOGUE, columns=OF_RECORD).to_pylist()
    known = read_parquet(stations, STATIONS, columns=["station", "network", "vs30_m_s"])
    of_station = stations_by_code(stations)
    for record in records:
        record["vs30"] = vs30_of(record["record_id"], of_station.get(record["station"], {}))
    automatic, manual = picks_by_record(picks, method), picks_by_record(picks, MANUAL)
    return [
        *_of_stations(records, known),
        *_of_events(records),
        *_of_records(records, selection),
        *_of_picks(records, automatic, manual, method, selection),
        *_shares(records),
        *_divided(records),
    ]


def as_markdown(rows: Collection[Row]) -> str:
    """Returns the table for people."""
    cells = [[text(row[name], 1) for name in COLUMNS] for row in rows]
    note = "The paper: arXiv 2503.05224. Its selection: 2012 to 2018, magnitude 2.2 to 6.5."
    return markdown(cells, COLUMNS, [note])


def in_papers_selection(record: Mapping[str, Any]) -> bool:
    """Whether a record is of the paper's years and magnitudes."""
    time, magnitude = record["event_time"], record["magnitude"]
    year = int(record["event_id"][:4]) if time is None else time.year
    within = magnitude is not None and MAGNITUDES[0] <= magnitude <= MAGNITUDES[1]
    return within and YEARS[0] <= year <= YEARS[1]


def selected_by(selection: RecordsSettings) -> str:
    """Returns what the run's records were selected by, in words."""
    limits = [
        f"{name} {span[0]:g} to {span[1]:g}{unit}"
        for name, span, unit in (
            ("years", selection.years, ""),
            ("magnitude", selection.magnitude, ""),
            ("depth", selection.depth_km, " km"),
        )
        if span is not None
    ]
    if selection.max_epicentral_distance_km is not None:
        limits.append(f"at most {selection.max_epicentral_distance_km:g} km")
    return ", ".join(limits) or "no limit"


def _row(section: str, quantity: str, ours: float, paper: float | None = None, difference: str = "") -> Row:
    return {
        "section": section,
        "quantity": quantity,
        "ours": ours,
        "paper": paper,
        "difference": difference,
    }


def _of_stations(records: list[dict[str, Any]], known: pa.Table) -> Iterator[Row]:
    rows = known.to_pylist()
    national = [row for row in rows if row["network"] == PAPER_NETWORK]
    yield _row(
        "stations",
        "known, of network TK",
        len(national),
        799,
        "the paper counts AFAD's stations when it was written, ours are those of the station lists, reports "
        "and records given, closed ones too",
    )
    yield _row(
        "stations",
        "known, of any network",
        len(rows),
        799,
        "the paper's are AFAD's alone",
    )
    yield _row(
        "stations",
        "with records",
        len({record["station"] for record in records}),
        799,
        "the paper counts stations whether or not they have a record in its set",
    )
    measured = sum(row["vs30_m_s"] is not None for row in national)
    yield _row("stations", "known, of network TK, with a measured Vs30", measured, 594, VS30_DIFFERS)
    with_both = {record["station"] for record in records if record["vs30"] is not None}
    yield _row(
        "stations",
        "with records and a measured Vs30",
        len(with_both),
        585,
        f"the paper's are the stations of its Figure 5, nine fewer than the 594 of its text; {VS30_DIFFERS}",
    )


def n_events(records: Collection[Mapping[str, Any]]) -> int:
    """Returns the number of events: stamps, those within 10 s and 50 km of each other taken as one.

    Where an epicentre is unknown, the times alone tell.
    """
    by_stamp: dict[str, Mapping[str, Any]] = {}
    for record in records:
        by_stamp.setdefault(record["event_id"], record)
    found: list[Mapping[str, Any]] = []
    for _, record in sorted(by_stamp.items()):
        if not any(_same_event(record, other) for other in found[-LOOKED_BACK:]):
            found.append(record)
    return len(found)


LOOKED_BACK = 8
"""Events before one, in time, that it is compared with."""


def _same_event(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    times = [record["event_time"] or parse_stamp(record["event_id"]) for record in (one, other)]
    if abs((times[0] - times[1]).total_seconds()) > SAME_EVENT_S:
        return False
    path = [record[name] for record in (one, other) for name in ("ev_latitude", "ev_longitude")]
    return None in path or distance_and_azimuth(*path)[0] <= SAME_EVENT_KM


def _of_events(records: list[dict[str, Any]]) -> Iterator[Row]:
    stamps = len({record["event_id"] for record in records})
    yield _row(
        "events",
        "with records",
        n_events(records),
        None,
        f"the paper does not count its events; ours are {stamps} stamps, those within {SAME_EVENT_S:g} s and "
        f"{SAME_EVENT_KM:g} km of each other one event",
    )


def _of_records(records: list[dict[str, Any]], selection: RecordsSettings) -> Iterator[Row]:
    scope = [record for record in records if in_papers_selection(record)]
    ours = f"ours: {selected_by(selection)}; the paper's: 2012 to 2018, magnitude 2.2 to 6.5"
    alike = f"{SCOPE_DIFFERS}; the run's own selection: {selected_by(selection)}"
    yield _row("records", "kept", len(records), 36417, ours)
    yield _row("records", "kept, of the paper's selection", len(scope), 36417, alike)
    for what, chosen, scoped in (
        ("kept, with a measured Vs30", records, ours),
        ("kept, with a measured Vs30, of the paper's selection", scope, alike),
    ):
        measured = sum(record["vs30"] is not None for record in chosen)
        yield _row("records", what, measured, 13974, f"{scoped}; {VS30_DIFFERS}")


def _of_picks(
    records: list[dict[str, Any]],
    automatic: Mapping[str, RecordPicks],
    manual: Mapping[str, RecordPicks],
    method: str,
    selection: RecordsSettings,
) -> Iterator[Row]:
    def picked(record: Mapping[str, Any], by: Mapping[str, RecordPicks]) -> bool:
        found = by.get(record["record_id"])
        return found is not None and found.p_s is not None and found.s_s is not None

    both = [record for record in records if picked(record, automatic)]
    measured = [record for record in both if record["vs30"] is not None]
    yield _row("picks", f"records with P and S by {method}", len(both), 11840, PICKS_DIFFER)
    yield _row(
        "picks",
        f"records with P and S by {method} and a measured Vs30",
        len(measured),
        11840,
        f"{PICKS_DIFFER}; {VS30_DIFFERS}",
    )
    limit = selection.min_snr_db
    if limit is not None:
        ratios = [automatic[record["record_id"]].snr_db for record in measured]
        loud = [snr for snr in ratios if snr is not None and snr >= limit]
        yield _row(
            "picks",
            f"records with P and S by {method}, a measured Vs30 and at least {limit:g} dB",
            len(loud),
            None,
            "the paper does not give this number",
        )
    yield _row(
        "picks",
        "records with P and S by hand",
        sum(picked(record, manual) for record in records),
        2000,
        "the paper's is a round number ('a limited dataset of 2000 records'); ours are those given",
    )


def _shares(records: list[dict[str, Any]]) -> Iterator[Row]:
    of_record = Counter(site_class(record["vs30"]) for record in records if record["vs30"] is not None)
    measured = {record["station"]: record["vs30"] for record in records if record["vs30"] is not None}
    of_station = Counter(map(site_class, measured.values()))
    for what, counted, place in (("stations", of_station, 0), ("records", of_record, 1)):
        total = max(counted.total(), 1)
        for name in CLASSES:
            paper = CLASS_SHARES[name][place] if name in CLASS_SHARES else None
            difference = "ours of those with records and a Vs30 of any source, the paper's of MASW's"
            if paper is None:
                difference = "the paper does not print this class"
            yield _row(
                f"{what} by class", f"{name}, %", round(100.0 * counted[name] / total, 2), paper, difference
            )


def _divided(records: list[dict[str, Any]]) -> Iterator[Row]:
    forms = Counter(record["form"] for record in records)
    years = Counter(
        record["event_id"][:4] if record["event_time"] is None else f"{record['event_time']:%Y}"
        for record in records
    )
    for section, counted in (("records by form", forms), ("records by year", years)):
        for name, number in sorted(counted.items()):
            yield _row(section, name, number, None, "the paper does not divide its records so")
