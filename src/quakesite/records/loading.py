"""A candidate's files read and made one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from quakesite.records import asc, components
from quakesite.records.candidates import Candidate
from quakesite.records.metadata import make_record
from quakesite.records.opening import Sources, part_of
from quakesite.records.quality import peak_mismatch
from quakesite.records.record import Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.schema import COMPONENTS
from quakesite.rejects import Reason

LONGEST_S = 1e9
"""No record is longer, whatever its header claims: thirty years."""


class Span(NamedTuple):
    """The time a record covers, from its first sample to its last."""

    start: datetime
    end: datetime

    def shared_part(self, other: Span) -> float:
        """Returns how much of the shorter of the two lies in the other, from 0 to 1."""
        shared = (min(self.end, other.end) - max(self.start, other.start)).total_seconds()
        shorter = min((span.end - span.start).total_seconds() for span in (self, other))
        return max(0.0, shared) / shorter if shorter > 0 else float(shared >= 0)


def load(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record that `candidate`'s files make, every check of the reader passed.

    Raises:
        Refusal: the first thing that is wrong, with the file it is wrong with.
    """
    record = _load_asc(candidate, sources) if candidate.form == "asc" else _whole(candidate, sources)
    if record.station != candidate.station:
        found = f"its header is of station {record.station}, its name of {candidate.station}"
        raise Refusal(candidate.sources[0], Reason.BAD_HEADER, found)
    return record


def span_from(start: datetime, after_s: float, before_s: float = 0.0) -> Span:
    """Returns the time from `before_s` before `start` to `after_s` after it, within the calendar."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    before, after = timedelta(seconds=before_s), timedelta(seconds=min(after_s, LONGEST_S))
    return Span(
        start - before if start - first > before else first, start + after if last - start > after else last
    )


class About(NamedTuple):
    """When and where a candidate was recorded, as far as its headers tell; `network` is empty else."""

    span: Span | None = None
    network: str = ""
    latitude: float | None = None
    longitude: float | None = None


def has_header(candidate: Candidate) -> bool:
    """Whether `about` reads headers alone, which cost next to nothing beside the samples."""
    return candidate.form in ("asc", "mseed")


def about(candidate: Candidate, sources: Sources, whole: bool = False) -> About:
    """Returns when and where `candidate` was recorded, from headers alone where those stand apart.

    Headers of SEED tell no coordinates. What cannot be read is unknown: what is wrong with it comes out when
    it is loaded.

    Args:
        candidate: what to look into.
        sources: where its files are.
        whole: read the whole record, whatever its form.
    """
    try:
        if whole or not has_header(candidate):
            record = load(candidate, sources)
            span = span_from(record.start_time, record.duration_s) if record.start_time else None
            return About(span, record.network, record.st_latitude, record.st_longitude)
        if candidate.form == "asc":
            return _about_asc(candidate.sources[0], sources)
        return _about_seed(candidate.files["ENZ"], sources)
    except Refusal:
        return About()


def _about_asc(source: str, sources: Sources) -> About:
    with unreadable(source):
        head = sources.head(source, asc.HEAD_SIZE)
    header = asc.read_header(head, source)
    told = header.metadata
    duration_s = max(0, header.n_samples - 1) / told.sampling_rate_hz
    span = span_from(told.start_time, duration_s) if told.start_time else None
    return About(span, told.network, told.st_latitude, told.st_longitude)


def _about_seed(source: str, sources: Sources) -> About:
    from quakesite.records.seed import layout_of

    layout = layout_of(source, sources)
    wanted = part_of(source)
    parts = [part for name, part in layout.parts.items() if wanted in ("", name)]
    if not parts:
        return About()
    first = min(parts, key=lambda part: part.start)
    return About(Span(first.start, max(part.end for part in parts)), first.network)


def _load_asc(candidate: Candidate, sources: Sources) -> Record:
    files = candidate.files
    missing = [name for name in COMPONENTS if name not in files]
    if missing:
        raise Refusal(candidate.sources[0], Reason.MISSING_COMPONENT, f"no component {' and '.join(missing)}")
    headers, samples = {}, {}
    for name in COMPONENTS:
        source = files[name]
        with unreadable(source):
            content = sources.read(source)
        header = asc.read_header(content, source)
        if header.component != name:
            found = f"STREAM is of component {header.component}, the file's name of {name}"
            raise Refusal(source, Reason.BAD_HEADER, found)
        headers[name], samples[name] = header, asc.read_samples(content, header, source)
    components.check_agreement(headers, files)
    offsets, length = components.offsets_and_length(headers, files)
    mismatch = peak_mismatch(
        [samples[name] for name in COMPONENTS], [headers[name].pga for name in COMPONENTS]
    )
    metadata = replace(headers["E"].metadata, pga_mismatch=mismatch, **components.corners(headers))
    if metadata.start_time is not None:
        moved = components.start_after(headers, offsets)
        metadata = replace(metadata, start_time=metadata.start_time + moved)
    return make_record(
        metadata,
        components.aligned(samples, offsets, length),
        stamp=candidate.stamp,
        form=candidate.version,
        sources=tuple(files[name] for name in COMPONENTS),
    )


def _whole(candidate: Candidate, sources: Sources) -> Record:
    return _reader(candidate.form)(candidate, sources)


def _reader(form: str) -> Callable[[Candidate, Sources], Record]:
    if form == "nsmn":
        from quakesite.records.nsmn import load_nsmn

        return load_nsmn
    if form == "mat":
        from quakesite.records.mat import load_mat

        return load_mat
    from quakesite.records.seed import load_seed

    return load_seed
