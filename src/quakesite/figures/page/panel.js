"use strict";
// The panel: legend, filters and list of stations; what opens and closes a station's sheet.
const XMLNS = "http://www.w3.org/2000/svg";
const svg = (tag, attributes = {}, text) => {
  const node = document.createElementNS(XMLNS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
function symbol(name, full) {
  const parts = [];
  const pen = {
    moveTo: (x, y) => parts.push(`M${x},${y}`), lineTo: (x, y) => parts.push(`L${x},${y}`), closePath: () => parts.push("Z"),
    rect: (x, y, w, h) => parts.push(`M${x},${y}h${w}v${h}h${-w}Z`), arc: (x, y, r) => parts.push(`M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`),
  };
  shape(pen, name, 8, 8, 5);
  const node = svg("svg", { width: 16, height: 16, "aria-hidden": "true" });
  const colour = COLOUR_OF[name] || "#888888";
  node.append(svg("path", { d: parts.join(""), fill: full ? colour : "#fff", stroke: colour, "stroke-width": full ? 0 : 1.6 }));
  return node;
}

function buildClasses() {
  for (const [name, range] of [...CLASSES, [null, "not known"]]) {
    const count = stations.filter((station) => station.class === name).length;
    if (name === null && count === 0) continue;
    const box = make("input", { type: "checkbox", value: name || "none" });
    box.checked = true;
    box.addEventListener("change", () => { box.checked ? state.hidden.delete(name) : state.hidden.add(name); update(); });
    element("classes").append(make("label", {}, box, symbol(name, name !== null), make("span", {}, name || "–"), make("span", {}, range), make("span", { class: "count" }, String(count))));
  }
  if (stations.some((station) => station.measured === null && station.class !== null))
    element("classes").append(make("div", { class: "row" }, symbol("C", false), "hollow: not measured, predicted"));
}

function buildScale() {
  const box = element("scale");
  box.hidden = state.colour === "class";
  if (box.hidden) return;
  const [scale, ends] = state.colour === "predicted" ? [SEQUENTIAL, ["150", "424", "1200 m/s"]] : [DIVERGING, ["½", "1", "2 times measured"]];
  const bar = make("div", { class: "bar" });
  bar.style.background = `linear-gradient(to right, ${scale.join(",")})`;
  box.replaceChildren(bar, make("div", { class: "ends" }, ...ends.map((text) => make("span", {}, text))));
}

function update() {
  state.shown = stations.filter(passes);
  const list = element("list");
  const focused = list.contains(document.activeElement);
  list.replaceChildren(...state.shown.map((station) => items.get(station)));
  const open = buttonOf(state.selected);
  const first = open && open.isConnected ? open : list.querySelector("button");
  if (first) reach(first);
  if (focused) (first || element("search")).focus();
  const measured = stations.filter((station) => station.measured !== null).length;
  element("summary").textContent = `${state.shown.length} of ${stations.length} stations shown; ${measured} with a measured Vs30. List: measured | predicted, m/s.`;
  buildScale();
  draw();
}

const inWords = (value) => (value === null ? "not known" : `${whole(value)} m/s`);
const items = new Map(stations.map((station) => {
  const name = [station.code, station.province].filter(Boolean);
  const said = `${name.join(", ")}: measured ${inWords(station.measured)}, predicted ${inWords(station.predicted)}`;
  return [station, make("li", {}, make("button", { "data-code": station.code, "aria-expanded": "false", "aria-controls": "sheet", "aria-label": said, tabindex: "-1" },
    symbol(station.class, station.measured !== null), name.join("  "),
    make("span", { class: "vs30" }, `${whole(station.measured)} | ${whole(station.predicted)}`)))];
}));
const buttonOf = (station) => (station ? items.get(station).firstChild : null);
const stationOf = (button) => stations.find((station) => station.code === button.dataset.code);

// One button of the list is in the tab order: the one that was last in use.
let reached = null;
function reach(button) {
  if (reached) reached.tabIndex = -1;
  reached = button;
  button.tabIndex = 0;
}

function select(station) {
  const sheet = element("sheet");
  const before = buttonOf(state.selected);
  const within = sheet.contains(document.activeElement);
  if (before) before.setAttribute("aria-expanded", "false");
  state.selected = station;
  sheet.hidden = !station;
  history.replaceState(null, "", station ? `#${encodeURIComponent(station.code)}` : "#");
  if (station) {
    const button = buttonOf(station);
    button.setAttribute("aria-expanded", "true");
    if (button.isConnected) { reach(button); button.scrollIntoView({ block: "nearest" }); }
    showSheet(sheet, station);
    sheet.dataset.station = station.code;
    sheet.scrollTop = 0;
    element("said").textContent = `Sheet of station ${station.code}: measured ${inWords(station.measured)}, predicted ${inWords(station.predicted)}.`;
  } else {
    delete sheet.dataset.station;
    element("said").textContent = before || within ? "Sheet closed." : "";
    if (within) (before && before.isConnected ? before : element("search")).focus();
  }
  resize();
  if (station) {
    const [x, y] = toScreen(station);
    if (x < 20 || y < 20 || x > view.width - 20 || y > view.height - 20) {
      view.x = station.longitude * SQUEEZE - view.width / 2 / view.scale;
      view.y = -station.latitude - view.height / 2 / view.scale;
    }
  }
}

function step(by) {
  const at = state.shown.indexOf(state.selected);
  const next = state.shown[Math.min(Math.max(at + by, 0), state.shown.length - 1)];
  if (next) select(next);
}

const UP_AND_DOWN = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
element("list").addEventListener("keydown", (event) => {
  const by = UP_AND_DOWN[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const buttons = [...document.querySelectorAll("#list button")];
  const next = buttons[Math.min(Math.max(buttons.indexOf(event.target) + by, 0), buttons.length - 1)];
  reach(next);
  next.focus();
  if (state.selected) select(stationOf(next));
});
// Enter and Space open the sheet and go into it (a click of theirs has no detail); the mouse stays where it is.
element("list").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  select(stationOf(button));
  if (event.detail === 0) element("sheet").focus();
});
element("colour").addEventListener("change", (event) => { state.colour = event.target.value; update(); });
element("known").addEventListener("change", (event) => { state.known = event.target.value; update(); });
element("search").addEventListener("input", (event) => { state.search = event.target.value; update(); });
element("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && state.shown.length) select(state.shown[0]);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(UP_AND_DOWN[event.key]); }
});
element("in").addEventListener("click", () => zoomBy(1.5));
element("out").addEventListener("click", () => zoomBy(1 / 1.5));
element("home").addEventListener("click", showAll);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { if (state.selected) select(null); }
  else if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
  else if (event.key === "/") { event.preventDefault(); element("search").focus(); }
  else if (event.key === "+") zoomBy(1.5);
  else if (event.key === "-") zoomBy(1 / 1.5);
  else if (event.key === "0") showAll();
});
addEventListener("resize", resize);
