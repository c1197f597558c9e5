"""Who may talk to the page: its own browser tab on this machine, and nobody else."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from quakesite.errors import InputError

LOOPBACK = "127.0.0.1"
OWN_NAMES = frozenset({LOOPBACK, "localhost"})
OWN_HOST = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(OWN_NAMES)))})(?::\d{{1,5}})?")
KEY_BYTES = 24

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Sent with every answer: the browser itself refuses to fetch from, or send to, anywhere else."""


def read_key(path: Path) -> str:
    """Returns the key kept in the file at `path`, which only its owner can read; makes one if need be.

    The key stays the same from run to run, so that an open tab goes on working after a restart.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+", encoding="ascii") as handle:
            os.fchmod(handle.fileno(), 0o600)
            key = handle.read().strip()
            if len(key) < KEY_BYTES:
                key = secrets.token_urlsafe(KEY_BYTES)
                handle.seek(0)
                handle.truncate()
                handle.write(key)
            return key
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read ({error})", action="delete it") from error


def notebook_id(key: str) -> str:
    """Returns what tells one annotator's table from any other; it does not give the key away.

    Each table has a key of its own, kept beside it.
    """
    return hashlib.sha256(f"notebook {key}".encode()).hexdigest()[:16]


def refusal(request: web.Request) -> str | None:
    """Returns why a request is refused, whatever key it brings, or None where it comes from the page itself.

    The `Host` header must name this machine (else a foreign name was bent to point here), `Origin` must be
    the page's own, and the browser must not call the request cross-site. The port is not compared: behind
    an SSH tunnel it is another one.
    """
    # The header itself, too: aiohttp makes up a host where there is none, and an absolute address hides it.
    host = request.headers.get("Host", "")
    if not OWN_HOST.fullmatch(host) or request.url.host not in OWN_NAMES:
        return "this page answers to localhost only"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "requests from other pages are refused"
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return "requests from other pages are refused"
    if request.method not in ("GET", "HEAD") and request.content_type != "application/json":
        return "only JSON is accepted"
    return None


def guard(key: str, cookie: str) -> Middleware:
    """Returns the middleware that lets only requests through that come from the page and bring its key.

    The key stands in the address that is printed at the start (`/?key=...`), and in the cookie `cookie` from
    then on: other users of the same machine can reach the port, but not the picks.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer: web.StreamResponse
        why = refusal(request)
        if why is not None:
            answer = web.Response(status=403, text=f"quakesite: {why}\n")
        elif request.path == "/" and _same(request.query.get("key", ""), key):
            query = {name: value for name, value in request.query.items() if name != "key"}
            answer = web.Response(status=303, headers={"Location": str(request.rel_url.with_query(query))})
            answer.set_cookie(cookie, key, httponly=True, samesite="Strict", path="/", max_age=365 * 86400)
        elif not _same(request.cookies.get(cookie, ""), key):
            answer = web.Response(
                status=403,
                text="quakesite: open the address that `quakesite annotate` printed; it carries the key\n",
            )
        else:
            try:
                answer = await handler(request)
            except web.HTTPException as refused:
                answer = web.Response(status=refused.status, text=f"quakesite: {refused.reason}\n")
        answer.headers.update(HEADERS)
        return answer

    return check


def _same(given: str, key: str) -> bool:
    # Bytes of a cookie that are no UTF-8 come as surrogates.
    return hmac.compare_digest(given.encode(errors="surrogatepass"), key.encode())
