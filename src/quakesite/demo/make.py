"""Makes the synthetic archive in a folder beside the target, which takes its place at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quakesite.demo.archive import File, pack, packing_of
from quakesite.demo.asc import COMPONENTS, Version, file_text, header
from quakesite.demo.defects import Defect
from quakesite.demo.manual import MANUAL, manual_picks
from quakesite.demo.motion import Motion, simulate, site_response
from quakesite.demo.path import travel_time_s
from quakesite.demo.plan import Event, RecordPlan, Region, Station, plan_events, plan_records, plan_station
from quakesite.demo.processing import processed
from quakesite.demo.reports import write_report
from quakesite.demo.settings import DemoSettings
from quakesite.demo.source import P
from quakesite.demo.sources import stated
from quakesite.demo.station_list import write_station_list
from quakesite.demo.truth import TRUTH, TRUTH_STATIONS, WrittenVersion, station_row, table, truth_row
from quakesite.errors import InputError
from quakesite.progress import say, track
from quakesite.tables import atomic_folder, write_csv

ARCHIVE, REPORTS = "archive", "reports"
STATION_LIST, MANUAL_PICKS = "stations.xlsx", "manual_picks.csv"
TRUTH_FILE, TRUTH_STATIONS_FILE = "truth.csv", "truth_stations.csv"
OUTPUTS = frozenset({ARCHIVE, REPORTS, STATION_LIST, MANUAL_PICKS, TRUTH_FILE, TRUTH_STATIONS_FILE})
NAN_SAMPLES = 7
ODD_NAMES_EVERY = 12


def make(settings: DemoSettings, out: Path) -> None:
    """Writes the synthetic archive that `settings` describe to the folder `out`, replacing an older one.

    Raises:
        InputError: `out` holds something that no synthetic archive holds.
    """
    _check_target(out)
    with atomic_folder(out) as folder:
        for name in (ARCHIVE, REPORTS):
            (folder / name).mkdir()
        events = plan_events(settings.seed, settings.events)
        stations = [plan_station(settings.seed, index) for index in range(settings.stations)]
        records: list[dict[str, object]] = []
        station_rows: list[dict[str, object]] = []
        picks: list[dict[str, object]] = []
        for station in track(stations, "synthetic stations"):
            rows = _write_station(settings.seed, station, events, folder / ARCHIVE)
            report = write_report(settings.seed, station, folder / REPORTS)
            station_rows.append(station_row(station, report, packing_of(station.index)))
            picks += manual_picks(settings.seed, station.index, rows)
            records += rows
        write_station_list(stations, folder / STATION_LIST)
        write_csv(table(picks, MANUAL), folder / MANUAL_PICKS)
        write_csv(table(records, TRUTH), folder / TRUTH_FILE)
        write_csv(table(station_rows, TRUTH_STATIONS), folder / TRUTH_STATIONS_FILE)
    say(f"{out}: {len(records)} synthetic records of {len(stations)} stations, {len(picks)} manual picks")


def _write_station(
    seed: int, station: Station, events: dict[Region, list[Event]], folder: Path
) -> list[dict[str, object]]:
    site, said = site_response(station), stated(station)
    written: list[tuple[WrittenVersion, list[File]]] = []
    for plan in plan_records(seed, station, events[station.region]):
        motion = simulate(seed, plan, site)
        for extra, version in enumerate(_versions(plan)):
            samples = processed(motion.acceleration, station.rate_hz, version.form)
            files = list(_files(plan, version, samples, motion, said.header, sound=bool(extra)))
            row = WrittenVersion(plan, version, bool(extra), samples, motion, ())
            written.append((row, files))
    everything = [file for _, files in written for file in files]
    where = pack(folder, station.code, station.region.province, packing_of(station.index), everything)
    rows = []
    for row, files in written:
        sources = tuple(where[file.name] for file in files)
        rows.append(
            truth_row(WrittenVersion(row.plan, row.version, row.extra, row.samples, row.motion, sources))
        )
    return rows


def _versions(plan: RecordPlan) -> Iterator[Version]:
    yield Version(plan.form, plan.event.number)
    if plan.defect is Defect.OTHER_FORM:
        yield Version("ap_RawAcc", plan.event.number)
    if plan.defect is Defect.OTHER_STAMP:
        yield Version("ap_RawAcc", plan.event.number + 5_000, stamp_delay_s=2)


def _files(
    plan: RecordPlan,
    version: Version,
    samples: npt.NDArray[np.float64],
    motion: Motion,
    vs30_stated: int | None,
    *,
    sound: bool,
) -> Iterator[File]:
    defect = None if sound else plan.defect
    spoilt = COMPONENTS[plan.station.index // 3 % len(COMPONENTS)]
    arrival = travel_time_s(P, plan.hypocentral_km) + plan.station.profile.p_delay_s
    start = plan.event.origin + timedelta(seconds=arrival - motion.p_s)
    stamp = version.record_id(plan).partition("_")[0]
    odd = plan.station.index % ODD_NAMES_EVERY == 5 and plan.event_index == 0
    for component, row in zip(COMPONENTS, samples, strict=True):
        if defect is Defect.MISSING_COMPONENT and component == spoilt:
            continue
        name = version.file_name(plan, component)
        text = file_text(header(plan, version, component, row, start, vs30_stated), row)
        if component == spoilt and defect is Defect.TRUNCATED:
            text = text[: int(0.6 * len(text))].rstrip("-.\n")  # half a number is a number
        if component == spoilt and defect is Defect.NAN:
            text = _with_nan(text, row.size)
        if odd and component == "E":
            name = f"Ex{name.removesuffix('.asc')} .asc"
        yield File(stamp, name, text)


def _with_nan(text: str, n_samples: int) -> str:
    lines = text.splitlines()
    first = len(lines) - n_samples // 2
    lines[first : first + NAN_SAMPLES] = ["nan"] * NAN_SAMPLES
    return "\n".join(lines) + "\n"


def _check_target(out: Path) -> None:
    """Checks that nothing is lost when `out` is replaced.

    Raises:
        InputError: it is a file, or holds something that no synthetic archive holds.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(out, "is a file", expected="a folder", action="choose another --out")
    strange = sorted(entry.name for entry in out.iterdir() if entry.name not in OUTPUTS)
    if strange:
        raise InputError(
            out,
            f"holds {strange[0]!r}, which no synthetic archive does",
            expected="an empty folder or an older synthetic archive",
            action="choose another --out",
        )
