"""XML that unfolds, names that are markup or formulas, and requests that pretend to come from the page.

SECURITY.md says what is defended against; test_security.py has the files that would execute something.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from pathlib import Path

import pytest

from quakesite.errors import InputError

# XML that unfolds to gigabytes, or that names files of this machine

LAUGHS = '<!ENTITY a0 "lol">' + "".join(
    f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10)
)
BLOWN_UP = f'<!ENTITY a9 "{"A" * 100_000}">'


def entities(kind: str, secret: Path) -> tuple[str, str]:
    """Returns a document type declaration, and what stands for its entity in the document."""
    declared, used = {
        "laughs": (LAUGHS, "&a9;"),
        "quadratic": (BLOWN_UP, "&a9;" * 20_000),
        "external": (f'<!ENTITY a9 SYSTEM "{secret.as_uri()}">', "&a9;"),
        "parameter": (f'<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;', "&a9;"),
    }[kind]
    return f"<!DOCTYPE x [{declared}]>", used


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of this machine that no document should see."""
    path = tmp_path / "secret.txt"
    path.write_text("SECRET")
    return path


KINDS = ["laughs", "quadratic", "external", "parameter"]


@pytest.mark.parametrize("kind", KINDS)
def test_stationxml_with_entities_is_refused(kind: str, secret: Path) -> None:
    from quakesite.records import inventories
    from quakesite.records.refusal import Refusal

    head, used = entities(kind, secret)
    opened = '<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1" schemaVersion="1.1">'
    xml = (
        f'<?xml version="1.0"?><!-- FDSNStationXML -->{head}{opened}'
        f"<Source>{used}</Source><Created>2020-01-01T00:00:00</Created></FDSNStationXML>"
    )
    with pytest.raises(Refusal, match="bad_header") as refused:
        inventories.from_xml(xml.encode(), "a.xml")
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
def test_quakeml_with_entities_is_refused(kind: str, secret: Path, tmp_path: Path) -> None:
    from quakesite.picks.quakeml import read_quakeml

    head, used = entities(kind, secret)
    path = tmp_path / "a.xml"
    path.write_text(
        f'<?xml version="1.0"?>{head}<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" '
        'xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"><eventParameters publicID="smi:a/b">'
        f'<event publicID="smi:a/c"><description><text>{used}</text></description></event>'
        "</eventParameters></q:quakeml>"
    )
    with pytest.raises(InputError) as refused:
        read_quakeml(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_with_entities_is_refused(kind: str, secret: Path, tmp_path: Path) -> None:
    from openpyxl import Workbook

    from quakesite.stations.tables import check_tables

    head, used = entities(kind, secret)
    plain = io.BytesIO()
    book = Workbook()
    book.active.append(["Code", "Vs30", "HERE"])
    book.save(plain)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if "HERE" in text:
                text = '<?xml version="1.0"?>' + head + text.replace("HERE", used)
            target.writestr(name, text)
    with pytest.raises(InputError) as refused:
        check_tables([path])
    assert "no Excel workbook" in str(refused.value)


# Pages and tables that are opened elsewhere

SCRIPT = "<script>alert(1)</script>"


def test_names_from_files_are_escaped_on_every_page(tmp_path: Path) -> None:
    from quakesite.figures import map_page, table_page
    from quakesite.stations.page import page
    from quakesite.stations.trail import HEADING, Trail

    table = tmp_path / "predictions.csv"
    table.write_text(f"station,province\n{SCRIPT},{SCRIPT}\n")
    trail = Trail(SCRIPT, [tuple(SCRIPT for _ in HEADING)], [SCRIPT])
    station = {"code": SCRIPT, "network": SCRIPT, "province": "</script>" + SCRIPT}
    for html in (table_page.render(table), map_page.render([station]), page(SCRIPT, SCRIPT, [trail])):
        assert "alert(1)" in html  # it is there, as text
        assert SCRIPT not in html
        assert "</script>alert" not in html


def test_pages_never_make_markup_of_text(root: Path) -> None:
    """What scripts put on a page goes in as text nodes and attributes."""
    markup = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:"
    )
    pages = [path for path in (root / "src/quakesite").glob("*/page/*") if path.suffix in (".js", ".html")]
    assert len(pages) > 5
    for path in pages:
        assert not markup.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(
    "code", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", SCRIPT, "../x", "a;b"]
)
def test_a_station_code_is_never_a_formula_a_path_or_a_command(code: str) -> None:
    """Letters and digits alone: it stands in paths, in cells and in command lines."""
    from quakesite.records.naming import station_of
    from quakesite.records.peeking import stations_in
    from quakesite.stations.parsing import station_code

    plain = re.compile(r"[A-Za-z0-9]*")
    told = [
        (station_code(code) or ("", ""))[1],
        station_of(f"20230206011732_{code}_mp_Acc_E.asc") or "",
        *stations_in(f"STATION_CODE: {code}\n".encode(), "asc")[1],
        *stations_in(f"STATION ID : {code}\n".encode(), "nsmn")[1],
        *stations_in(f'FDSNStationXML <Station code="{code}">'.encode(), "stationxml")[1],
    ]
    assert all(plain.fullmatch(one) for one in told)


# The annotation page's guard, asked as no browser would; tests/annotate/test_server.py has the rest


def answers(requests: list[bytes]) -> list[int]:
    """Returns the status of each raw request to a server behind the guard; its key is known to all."""
    from aiohttp import web

    from quakesite.annotate.guard import guard

    async def ask() -> list[int]:
        async def handler(_: web.Request) -> web.Response:
            return web.Response(text="in")

        app = web.Application(middlewares=[guard("k" * 32, "quakesite")])
        app.router.add_get("/", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        server = await asyncio.get_running_loop().create_server(runner.server, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        found = []
        for request in requests:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            found.append(int((await asyncio.wait_for(reader.readline(), 120)).split()[1]))
            writer.close()
        server.close()
        await runner.cleanup()
        return found

    return asyncio.run(ask())


KEY = b"Cookie: quakesite=" + b"k" * 32 + b"\r\n"
OWN = b"Host: 127.0.0.1:8000\r\n"


def test_the_guard_lets_the_page_in_and_refuses_every_bent_name() -> None:
    websocket = (
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    bent = {
        "absolute address": b"GET http://evil.example/ HTTP/1.1\r\n" + OWN + KEY,
        "own address, foreign host": b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example\r\n" + KEY,
        "no host": b"GET / HTTP/1.0\r\n" + KEY,
        "two hosts": b"GET / HTTP/1.1\r\n" + OWN + b"Host: evil.example\r\n" + KEY,
        "user before the host": b"GET / HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n" + KEY,
        "no port": b"GET / HTTP/1.1\r\nHost: 127.0.0.1:x\r\n" + KEY,
        "forwarded": b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1\r\n" + KEY,
        "rebound name": b"GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n" + KEY,
        "websocket": b"GET / HTTP/1.1\r\n" + OWN + KEY + b"Origin: http://evil.example\r\n" + websocket,
        "cookie of no text": b"GET / HTTP/1.1\r\n" + OWN + b"Cookie: quakesite=\xff\xfe\r\n",
        "key of no text": b"GET /?key=%ED%A0%80%ff HTTP/1.1\r\n" + OWN,
    }
    own, *others = answers(
        [b"GET / HTTP/1.1\r\n" + OWN + KEY + b"\r\n", *(one + b"\r\n" for one in bent.values())]
    )
    assert own == 200
    assert {name: status for name, status in zip(bent, others, strict=True) if status not in (400, 403)} == {}
