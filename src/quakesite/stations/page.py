"""Trails as a web page of their own: one file, no scripts, readable in print."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from quakesite.stations.schema import Standing
from quakesite.stations.trail import Trail, shown_columns

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2a33; margin: 2rem auto; max-width: 78rem }
body { padding: 0 1rem }
.scroll { overflow-x: auto }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem }
th { text-align: left; background: #eef2f4; position: sticky; top: 0 }
th, td { padding: .35rem .6rem; border-bottom: 1px solid #d5dde2; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.path { overflow-wrap: anywhere; min-width: 24rem }
td.date { white-space: nowrap }
.kept { color: #14633a; font-weight: 600 } .flagged { color: #8a5a00; font-weight: 600 }
.refused, .disagrees { color: #a3261c; font-weight: 600 }
ul { padding-left: 1.2rem } p.note { color: #54656f }
"""
NUMBERS = frozenset({"Vs30 (m/s)", "sigma ln", "records", "value", "distance (m)"})


def page(title: str, note: str, trails: Sequence[Trail]) -> str:
    """Returns the trails as HTML.

    Args:
        title: of the page.
        note: a line below it.
        trails: each becomes a heading, a table and a list of remarks.
    """
    body = "\n".join(_section(trail) for trail in trails)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n<h1>{escape(title)}</h1>\n"
        f'<p class="note">{escape(note)}</p>\n{body}\n</html>\n'
    )


def _section(trail: Trail) -> str:
    lines = [f"<h2>{escape(trail.title)}</h2>"]
    keep = shown_columns(trail)
    if trail.rows:
        heading = "".join(f"<th>{escape(trail.heading[index])}</th>" for index in keep)
        lines.append(f'<div class="scroll"><table><thead><tr>{heading}</tr></thead><tbody>')
        for row in trail.rows:
            cells = "".join(_cell(trail.heading[index], row[index]) for index in keep)
            lines.append(f"<tr>{cells}</tr>")
        lines.append("</tbody></table></div>")
    if trail.remarks:
        lines.append("<ul>" + "".join(f"<li>{escape(remark)}</li>" for remark in trail.remarks) + "</ul>")
    return "\n".join(lines)


def _cell(heading: str, text: str) -> str:
    shown = escape(text).replace("\n", "<br>")
    if heading in NUMBERS:
        return f'<td class="number">{shown}</td>'
    if heading in ("date", "coordinates"):
        return f'<td class="date">{shown}</td>'
    if heading == "where it stands":
        return f'<td class="path">{shown}</td>'
    word = text.split(" ")[0].rstrip(":")
    if heading == "reason":
        return f'<td class="refused">{shown}</td>'
    if heading == "status" and word == Standing.KEPT and "(" in text:
        return f'<td class="flagged">{shown}</td>'
    if heading == "status" and word in (Standing.KEPT, Standing.REFUSED, Standing.DISAGREES):
        return f'<td class="{word}">{shown}</td>'
    return f"<td>{shown}</td>"
