"""From the command line to a page that answers: what is read at the start, and where it listens."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time
import webbrowser
from pathlib import Path

from aiohttp import web

from quakesite.annotate.desk import Desk
from quakesite.annotate.guard import LOOPBACK, read_key
from quakesite.annotate.index import RecordIndex
from quakesite.annotate.merging import read_disputes
from quakesite.annotate.notebook import Notebook
from quakesite.annotate.server import make_app
from quakesite.annotate.signals import Band
from quakesite.annotate.suggestions import Doubt, doubts, read_rivals, read_suggestions
from quakesite.annotate.theory import EARTH_MODELS, travel_times_s
from quakesite.errors import InputError
from quakesite.progress import say


def open_desk(
    results: Path,
    folder: Path,
    annotator: str,
    *,
    queue: Path | None = None,
    earth_model: str = "iasp91",
    band: tuple[float, float] = (1.0, 20.0),
) -> Desk:
    """Returns everything the page works with.

    Args:
        results: the workflow's results: `records/<shard>.parquet`, and `picks.parquet` if there is one.
        folder: where the annotators' tables are.
        annotator: whose table is worked on.
        queue: a table of records on which annotators disagree, first in the low-agreement queue.
        earth_model: of the theoretical arrivals.
        band: the pass band the page starts with, in Hz.

    Raises:
        InputError: there are no records, or something is not what it should be.
    """
    if earth_model not in EARTH_MODELS:
        raise InputError("--earth-model", repr(earth_model), expected=" or ".join(EARTH_MODELS))
    if not 0 < band[0] < band[1]:
        raise InputError("--low-hz, --high-hz", f"{band[0]:g}, {band[1]:g}", expected="0 < low < high")
    shards = sorted((results / "records").glob("*-of-*.parquet"))
    if not shards:
        raise InputError(
            results / "records",
            "no shard of records",
            action="make them first: snakemake --cores all --until records",
        )
    index = RecordIndex(shards)
    if not len(index):
        raise InputError(results / "records", "no record in any shard")
    picks = results / "picks.parquet"
    suggestions = read_suggestions(picks) if picks.exists() else {}
    candidates = results / "candidates.parquet"
    rivals = read_rivals(candidates) if candidates.exists() else {}
    doubtful = doubts(suggestions)
    if queue is not None:
        largest = max((doubt.rank_s for doubt in doubtful.values()), default=0.0)
        for record_id, doubt in read_disputes(queue).items():
            doubtful[record_id] = Doubt(largest + doubt.rank_s, doubt.why)
    notebook = Notebook(folder, annotator)
    return Desk(index, notebook, suggestions, rivals, doubtful, folder, Band(*band), earth_model)


def listen(port: int) -> socket.socket:
    """Returns a socket that listens on 127.0.0.1.

    Raises:
        InputError: the port is taken, or not allowed.
    """
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        found = "in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise InputError(
            "--port", f"{port} is {found}", action="give another one, or 0 for any free one"
        ) from None


def serve(
    *,
    annotator: str,
    results: Path,
    folder: Path,
    queue: Path | None,
    port: int,
    earth_model: str,
    band: tuple[float, float],
    browser: bool,
) -> None:
    """Serves the page until it is stopped; see `command.annotate`.

    Raises:
        InputError: something given is wrong.
    """
    started = time.monotonic()
    desk = open_desk(results, folder, annotator, queue=queue, earth_model=earth_model, band=band)
    with contextlib.suppress(KeyboardInterrupt), listen(port) as listening:
        port = listening.getsockname()[1]
        key = read_key(folder / f".{desk.notebook.name}.key")
        app = make_app(desk, key=key, port=port)
        address = f"http://{LOOPBACK}:{port}/?key={key}"
        unknown = [name for name in desk.notebook.entries if name not in desk.index]
        if unknown:
            say(f"{desk.notebook.path}: picks of {len(unknown)} records not at hand; they stay in the file")
        if not desk.suggestions:
            say(f"{results / 'picks.parquet'}: not there yet, so there are no suggestions")
        say(
            f"{len(desk.index)} records of {len(set(desk.index.stations))} stations "
            f"in {time.monotonic() - started:.1f} s; picks go to {desk.notebook.path}"
        )

        async def announce(_: web.Application) -> None:
            say(f"open {address}\nCtrl-C stops; every pick is saved at once")
            if browser:
                webbrowser.open(address)
            # Loads the Earth model while the annotator looks at the first record; nobody waits for it.
            threading.Thread(target=travel_times_s, args=(earth_model, 30.0, 10.0), daemon=True).start()

        # Said once the server minds Ctrl-C: one that falls into the making of its event loop ends in noise.
        app.on_startup.append(announce)
        web.run_app(app, sock=listening, print=None, access_log=None, handle_signals=True)
