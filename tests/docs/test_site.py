"""The documentation builds without a warning and without a network, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from blocks import ROOT

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "object": "data"}
ELSEWHERE = re.compile(r"^(?:[a-z]+:)?//", re.IGNORECASE)
BUILD_S = 3600


class Loads(HTMLParser):
    """What a page makes the browser fetch, and where it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what a tag refers to."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.add(values.get("id", ""))
        if tag in LOADED:
            self.loaded.append(values.get(LOADED[tag], ""))
        elif tag == "link" and not {"canonical", "next", "prev", "search", "index"} & set(
            values.get("rel", "").split()
        ):
            self.loaded.append(values.get("href", ""))
        elif tag == "a":
            self.links.append(values.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built documentation."""
    pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e .[docs]")
    folder = tmp_path_factory.mktemp("site")
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", ROOT / "docs"]
    done = subprocess.run(
        [*command, "-d", folder / "doctrees", ROOT, folder / "html"],
        env=os.environ | nowhere | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def read(page: Path) -> Loads:
    """Returns what a built page refers to."""
    loads = Loads()
    loads.feed(page.read_text(encoding="utf-8"))
    return loads


def test_every_page_is_built(site: Path) -> None:
    written = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    missing = [page for page in written if not (site / page.relative_to(ROOT)).with_suffix(".html").is_file()]
    assert missing == []
    assert "docs/index.html" in (site / "index.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = {
        (page.name, at) for page in site.rglob("*.html") for at in read(page).loaded if ELSEWHERE.match(at)
    }
    assert loaded == set()
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        named = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", text)
        assert [at for at in named if ELSEWHERE.match(at)] == [], sheet.name


def test_links_between_pages_lead_somewhere(site: Path) -> None:
    pages = {page: read(page) for page in site.rglob("*.html")}
    dead = []
    for page, loads in pages.items():
        for link in loads.links:
            target, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", target) or page.name in ("search.html", "genindex.html"):
                continue
            there = (page.parent / target).resolve() if target else page
            if not there.exists() or (anchor and there in pages and anchor not in pages[there].anchors):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("commands", ["quakesite picks shard", "--candidates", "quakesite predict"]),
        ("tables", ["records: records", "rotd50_pga_cm_s2", "picks: picks", "skill.csv"]),
        ("rules", ["picks_without_weights", "results/training/splits/{trial}.csv"]),
        ("api", ["load_published", "WindowDataset", "read_tensors"]),
    ],
)
def test_reference_is_made_from_the_code(site: Path, page: str, words: list[str]) -> None:
    text = re.sub(r"<[^>]+>", "", (site / f"docs/reference/{page}.html").read_text(encoding="utf-8"))
    assert [word for word in words if word not in text] == []
    assert "In the repository the page ends here" not in text
