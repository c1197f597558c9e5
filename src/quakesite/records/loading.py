"""A candidate's files read and made one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from quakesite.records import asc, components
from quakesite.records.candidates import Candidate
from quakesite.records.metadata import make_record
from quakesite.records.opening import Sources
from quakesite.records.quality import peak_mismatch
from quakesite.records.record import Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.schema import COMPONENTS
from quakesite.rejects import Reason


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


def span_of(candidate: Candidate, sources: Sources) -> Span | None:
    """Returns the time that `candidate` covers, from headers alone where they stand apart from the samples.

    None where it cannot be told: what is wrong comes out when it is loaded.
    """
    try:
        if candidate.form != "asc":
            record = _whole(candidate, sources)
            return Span(record.start_time, record.end_time) if record.start_time and record.end_time else None
        source = candidate.sources[0]
        with unreadable(source):
            head = sources.head(source, asc.HEAD_SIZE)
        header = asc.read_header(head, source)
    except Refusal:
        return None
    start = header.metadata.start_time
    if start is None:
        return None
    return Span(
        start, start + timedelta(seconds=max(0, header.n_samples - 1) / header.metadata.sampling_rate_hz)
    )


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
    metadata = replace(headers["E"].metadata, pga_mismatch=mismatch)
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
