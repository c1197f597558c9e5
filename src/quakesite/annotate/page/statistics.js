// The tables of the statistics page.

import { element } from "./list.js";
import { getJson, speakFor } from "./saving.js";

const box = document.getElementById("report");
const seconds = (value) => (value == null ? "–" : `${sign(value)}${Math.abs(value).toFixed(2)} s`);
const sign = (value) => (Math.abs(value) < 0.005 ? "" : value > 0 ? "+" : "−");
const share = (value) => (value == null ? "–" : `${value.toFixed(0)} %`);

function table(title, caption, head, rows) {
  const made = element("table");
  made.append(element("caption", "", caption));
  const cells = (row, name, values) => values.forEach((value, place) => {
    const cell = element(name, head[place].startsWith("*") ? "text" : "");
    cell.append(value);
    row.append(cell);
  });
  const top = made.createTHead().insertRow();
  cells(top, "th", head.map((name) => name.replace("*", "")));
  const body = made.createTBody();
  for (const values of rows) cells(body.insertRow(), "td", values);
  box.append(element("h2", "", title), rows.length ? made : element("p", "small", "Nothing to compare yet."));
}

const phase = (name) => element("strong", name, name);

function link(recordId) {
  const made = element("a", "", recordId);
  made.href = `/?record=${encodeURIComponent(recordId)}`;
  return made;
}

try {
  speakFor((await getJson("/api/session")).notebook);
  const found = await getJson("/api/agreement");
  const within = found.within_s.map((limit) => `≤ ${limit} s`);
  const compared = (row) => [row.n, row.only_ours, row.only_theirs, seconds(row.median_s), row.mad_s == null ? "–" : `${row.mad_s.toFixed(2)} s`, ...row.within.map(share)];
  table("Annotators", "Records dealt with, picks, and picks by uncertainty class.",
    ["*annotator", "records", "aside", "P", "S", "0", "1", "2", "3", "4", "no class"],
    found.annotators.map((row) => [row.name, row.records, row.aside, row.P, row.S, ...row.classes]));
  table("Between annotators", "On the records that both have dealt with.",
    ["*first", "*second", "*phase", "both", "first only", "second only", "median", "MAD", ...within],
    found.pairs.map((row) => [row.ours, row.theirs, phase(row.phase), ...compared(row)]));
  table("Against the automatic picks", "On the records that the annotator has dealt with.",
    ["*annotator", "*method", "*phase", "both", "annotator only", "method only", "median", "MAD", ...within],
    found.methods.map((row) => [row.ours, row.theirs, phase(row.phase), ...compared(row)]));
  table("Largest differences between annotators", "More than 0.1 s apart; worth looking at together.",
    ["*record", "*phase", "*first", "*second", "difference"],
    found.largest.map((row) => [link(row.record_id), phase(row.phase), row.ours, row.theirs, seconds(row.difference_s)]));
} catch (error) {
  box.append(element("p", "", error.message));
}
