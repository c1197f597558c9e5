"""The local web server behind the page."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import math
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from quakesite.annotate.desk import Action, Desk
from quakesite.annotate.guard import guard, notebook_id
from quakesite.annotate.index import UnknownRecord
from quakesite.annotate.notebook import Stale
from quakesite.annotate.queues import Queue
from quakesite.annotate.signals import Band, shown, spectrogram
from quakesite.annotate.statistics import agreement, read_notebooks
from quakesite.annotate.theory import theoretical_arrivals
from quakesite.errors import InputError, NotWritten
from quakesite.records.schema import COMPONENTS

PAGE = Path(__file__).parent / "page"
ROWS_PER_PAGE = 500
LARGEST_REQUEST = 16 * 1024

CONTENT_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
DESK = web.AppKey("desk", Desk)
NOTEBOOK = web.AppKey("notebook", str)
WRITING = web.AppKey("writing", asyncio.Lock)

NOTEBOOK_HEADER = "X-Notebook"
"""With it every request of a page says whose picks it means, lest they land in another annotator's table."""


def bokeh_scripts() -> Path:
    """Returns the folder of BokehJS inside the installed bokeh, without importing bokeh.

    Raises:
        InputError: bokeh is not installed.
    """
    found = importlib.util.find_spec("bokeh")
    if found is None or found.origin is None:
        raise InputError("bokeh", "not installed", action="pip install bokeh")
    return Path(found.origin).parent / "server" / "static" / "js"


def make_app(desk: Desk, *, key: str, port: int = 0) -> web.Application:
    """Returns the web application for what lies on `desk`; see `guard` for the key."""
    name = notebook_id(key)
    cookie = f"quakesite_{port}_{name}"
    app = web.Application(
        middlewares=[guard(key, cookie), _same_notebook, _errors], client_max_size=LARGEST_REQUEST
    )
    app[DESK] = desk
    app[NOTEBOOK] = name
    app[WRITING] = asyncio.Lock()
    app.router.add_get("/", _file(PAGE / "index.html"))
    app.router.add_get("/statistics", _file(PAGE / "statistics.html"))
    for path in sorted(PAGE.iterdir()):
        if path.suffix in (".js", ".css", ".svg"):
            app.router.add_get(f"/page/{path.name}", _file(path))
    for name in ("bokeh.min.js", "bokeh-api.min.js"):
        app.router.add_get(f"/bokeh/{name}", _file(bokeh_scripts() / name))
    app.router.add_get("/api/session", _session)
    app.router.add_get("/api/list", _list)
    app.router.add_get("/api/place", _place)
    app.router.add_get("/api/step", _step)
    app.router.add_get("/api/record", _record)
    app.router.add_get("/api/samples", _samples)
    app.router.add_get("/api/spectrogram", _spectrogram)
    app.router.add_get("/api/theory", _theory)
    app.router.add_get("/api/agreement", _agreement)
    app.router.add_post("/api/action", _action)
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Stale as error:
        return _failed(409, str(error))
    except NotWritten as error:
        return _failed(500, f"not saved: {error}")
    except (InputError, ValidationError, json.JSONDecodeError) as error:
        return _failed(400, str(error))
    except UnknownRecord as error:
        return _failed(404, f"there is no record {str(error)!r}")
    except OSError as error:
        what = "not saved" if request.method == "POST" else "cannot be read"
        return _failed(500, f"{what}: {error.strerror or error}")


@web.middleware
async def _same_notebook(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a page of another annotator, or another folder, asks: two may have had this port."""
    if request.path.startswith("/api/") and request.path != "/api/session":
        given = request.headers.get(NOTEBOOK_HEADER, "")
        if given != request.app[NOTEBOOK]:
            name = request.app[DESK].notebook.name
            return _failed(409, f"at this address {name} is at work now; this page is another annotator's")
    return await handler(request)


def _failed(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


def _file(path: Path) -> Handler:
    async def send(_request: web.Request) -> web.StreamResponse:
        body = await asyncio.to_thread(path.read_bytes)
        return web.Response(body=body, content_type=CONTENT_TYPES[path.suffix], charset="utf-8")

    return send


def _number(request: web.Request, name: str, default: float) -> float:
    text = request.query.get(name, str(default))
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError("request", repr(text), field=name, expected="a number")
    return number


def _queue(request: web.Request) -> Queue:
    text = request.query.get("queue", Queue.ALL)
    if text not in list(Queue):
        raise InputError("request", repr(text), field="queue", expected=", ".join(Queue))
    return Queue(text)


def _record_id(request: web.Request) -> str:
    record_id = request.query.get("record", "")
    if record_id not in request.app[DESK].index:
        raise UnknownRecord(record_id)
    return record_id


async def _session(request: web.Request) -> web.Response:
    return web.json_response({**request.app[DESK].session(), "notebook": request.app[NOTEBOOK]})


async def _list(request: web.Request) -> web.Response:
    offset = max(int(_number(request, "offset", 0)), 0)
    limit = min(max(int(_number(request, "limit", 100)), 0), ROWS_PER_PAGE)
    total, rows = request.app[DESK].queues.page(_queue(request), request.query.get("text", ""), offset, limit)
    return web.json_response({"total": total, "offset": offset, "rows": rows})


async def _place(request: web.Request) -> web.Response:
    place = request.app[DESK].queues.place(
        _queue(request), request.query.get("text", ""), _record_id(request)
    )
    return web.json_response({"place": place})


async def _step(request: web.Request) -> web.Response:
    by = 1 if _number(request, "by", 1) > 0 else -1
    found = request.app[DESK].queues.step(
        _queue(request),
        request.query.get("text", ""),
        _record_id(request),
        by,
        unpicked=request.query.get("unpicked") == "1",
    )
    return web.json_response({"record_id": found})


async def _record(request: web.Request) -> web.Response:
    return web.json_response(await asyncio.to_thread(request.app[DESK].describe, _record_id(request)))


async def _samples(request: web.Request) -> web.Response:
    """Sends the samples as little-endian float32: all of E, then N, then Z."""
    desk, record_id = request.app[DESK], _record_id(request)
    band = Band(_number(request, "low", 0), _number(request, "high", 0)) if "low" in request.query else None

    def work() -> bytes:
        record = desk.index.read(record_id)
        return shown(record.acceleration, record.rate_hz, band).tobytes()

    return web.Response(body=await asyncio.to_thread(work), content_type="application/octet-stream")


async def _spectrogram(request: web.Request) -> web.Response:
    """Sends one component's spectrogram: the bytes of `Spectrogram.values`, the rest as headers."""
    desk, record_id = request.app[DESK], _record_id(request)
    component = request.query.get("component", "Z")
    if component not in COMPONENTS:
        raise InputError("request", repr(component), field="component", expected=", ".join(COMPONENTS))

    def work() -> tuple[bytes, dict[str, Any]]:
        record = desk.index.read(record_id)
        centred = shown(record.acceleration, record.rate_hz)
        made = spectrogram(centred[COMPONENTS.index(component)], record.rate_hz)
        about = {"Rows": len(made.values), "Start": made.start_s, "Step": made.step_s, "Top": made.top_hz}
        return made.values.tobytes(), {f"X-{name}": str(value) for name, value in about.items()}

    body, headers = await asyncio.to_thread(work)
    return web.Response(body=body, headers=headers, content_type="application/octet-stream")


async def _theory(request: web.Request) -> web.Response:
    desk, record_id = request.app[DESK], _record_id(request)

    def work() -> dict[str, float]:
        return theoretical_arrivals(desk.index.read(record_id).metadata, desk.earth_model)

    return web.json_response(await asyncio.to_thread(work))


async def _agreement(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    return web.json_response(
        await asyncio.to_thread(lambda: agreement(read_notebooks(desk.folder), desk.suggestions))
    )


async def _action(request: web.Request) -> web.Response:
    action = Action.model_validate(await request.json())
    async with request.app[WRITING]:
        reply = await asyncio.to_thread(request.app[DESK].act, action)
    return web.json_response(reply)
