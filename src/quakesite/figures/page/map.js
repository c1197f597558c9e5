"use strict";
// The map of stations: a canvas for the map, SVG for a station's sheet, nothing from elsewhere.
const data = JSON.parse(document.getElementById("data").textContent);
const CLASSES = [
  ["A", "> 1500", "#332288", 1500, 3000], ["B", "760–1500", "#0077bb", 760, 1500], ["C", "360–760", "#44aa99", 360, 760],
  ["D", "180–360", "#ddaa33", 180, 360], ["E", "< 180", "#cc3311", 60, 180]];
const COLOUR_OF = Object.fromEntries(CLASSES.map(([name, , colour]) => [name, colour]));
// cividis, and a blue-white-orange scale: both told apart with every common kind of colour blindness
const SEQUENTIAL = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];
const DIVERGING = ["#1965b0", "#7bafde", "#eeeeee", "#f4a736", "#c0501a"];
const stations = data.stations;
const element = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};
const whole = (value) => (value === null ? "–" : String(Math.round(value)));
const fixed = (value, decimals) => (value === null ? "–" : value.toFixed(decimals));
const short = (value) => (value === null ? "–" : Math.abs(value) >= 10 || value === 0 ? String(Math.round(value)) : String(Number(value.toPrecision(2))));

// ---- which stations are shown -------------------------------------------------------------------------
const state = { hidden: new Set(), colour: "class", known: "all", search: "", selected: null, over: null, shown: [] };

// Mugla finds Muğla, and IZMIR finds İzmir
const plain = (text) => text.toLocaleLowerCase("tr").normalize("NFD").replace(/\p{M}/gu, "").replace(/ı/g, "i");

function passes(station) {
  if (state.hidden.has(station.class)) return false;
  if (state.known === "measured" && station.measured === null) return false;
  if (state.known === "unmeasured" && station.measured !== null) return false;
  const wanted = plain(state.search.trim());
  return !wanted || plain(station.code).startsWith(wanted) || plain(station.province || "").startsWith(wanted);
}

function blend(scale, share) {
  const place = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const below = Math.min(Math.floor(place), scale.length - 2);
  const part = place - below;
  const channel = (colour, at) => parseInt(colour.slice(at, at + 2), 16);
  return "rgb(" + [1, 3, 5].map((at) => Math.round(channel(scale[below], at) * (1 - part) + channel(scale[below + 1], at) * part)) + ")";
}
const LN_LOW = Math.log(150), LN_HIGH = Math.log(1200), LN_RATIO = Math.log(2);

function colourOf(station) {
  if (state.colour === "class") return COLOUR_OF[station.class] || "#888888";
  if (state.colour === "predicted")
    return station.predicted === null ? null : blend(SEQUENTIAL, (Math.log(station.predicted) - LN_LOW) / (LN_HIGH - LN_LOW));
  if (station.predicted === null || station.measured === null) return null;
  return blend(DIVERGING, 0.5 + Math.log(station.predicted / station.measured) / LN_RATIO / 2);
}

// ---- the map ------------------------------------------------------------------------------------------
const canvas = element("map");
const context = canvas.getContext("2d");
const SQUEEZE = Math.cos((39 * Math.PI) / 180);
const view = { x: 0, y: 0, scale: 1, width: 0, height: 0, moved: false };
const pathOf = (lines) => {
  const path = new Path2D();
  for (const line of lines) line.forEach(([x, y], at) => (at ? path.lineTo(x * SQUEEZE, -y) : path.moveTo(x * SQUEEZE, -y)));
  return path;
};
const land = data.outline.map(({ home, rings, coast }) => ({ home, ground: pathOf(rings), coast: pathOf(coast) }));
const toScreen = (station) => [(station.longitude * SQUEEZE - view.x) * view.scale, (-station.latitude - view.y) * view.scale];

function fit() {
  const xs = stations.map((s) => s.longitude * SQUEEZE), ys = stations.map((s) => -s.latitude);
  const [west, east] = stations.length ? [Math.min(...xs) - 0.5, Math.max(...xs) + 0.5] : [25.4 * SQUEEZE, 45.1 * SQUEEZE];
  const [north, south] = stations.length ? [Math.min(...ys) - 0.5, Math.max(...ys) + 0.5] : [-42.4, -35.6];
  view.scale = Math.min(view.width / (east - west), view.height / (south - north));
  view.x = (west + east) / 2 - view.width / 2 / view.scale;
  view.y = (north + south) / 2 - view.height / 2 / view.scale;
}

function showAll() { view.moved = false; fit(); draw(); }

function resize() {
  const box = canvas.getBoundingClientRect();
  const middle = [view.x + view.width / 2 / view.scale, view.y + view.height / 2 / view.scale];
  view.width = box.width; view.height = box.height;
  canvas.width = Math.round(box.width * devicePixelRatio);
  canvas.height = Math.round(box.height * devicePixelRatio);
  if (!view.moved) fit();
  else { view.x = middle[0] - view.width / 2 / view.scale; view.y = middle[1] - view.height / 2 / view.scale; }
  draw();
}

let waiting = false;
function draw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; paint(); });
}

function paint() {
  const ratio = devicePixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, -view.x * view.scale * ratio, -view.y * view.scale * ratio);
  for (const { home, ground, coast } of land) {
    context.fillStyle = home ? "#f4f2ec" : "#fafaf8";
    context.strokeStyle = home ? "#8d897d" : "#b8b5ab";
    context.lineWidth = (home ? 1.1 : 0.6) / view.scale;
    context.fill(ground);
    context.stroke(coast);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const size = Math.min(Math.max(4 + Math.log2(view.scale / 40), 4), 8);
  for (const station of state.shown) marker(station, size);
  for (const station of [state.over, state.selected])
    if (station) {
      const [x, y] = toScreen(station);
      context.beginPath();
      context.arc(x, y, size + 4, 0, 2 * Math.PI);
      context.lineWidth = station === state.selected ? 2.2 : 1.2;
      context.strokeStyle = "#222222";
      context.stroke();
    }
}

function marker(station, size) {
  const [x, y] = toScreen(station);
  if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) return;
  const colour = colourOf(station);
  context.beginPath();
  shape(context, station.class, x, y, size);
  const full = state.colour !== "class" || station.measured !== null;
  context.fillStyle = full && colour ? colour : "#ffffff";
  context.fill();
  context.lineWidth = full ? 0.8 : 1.8;
  context.strokeStyle = full ? (colour ? "#ffffff" : "#aaaaaa") : colour;
  if (state.colour !== "class" && colour) context.strokeStyle = "#555555";
  context.stroke();
}

function shape(target, name, x, y, size) {
  if (name === "B") { target.moveTo(x, y - size * 1.15); target.lineTo(x + size, y + size * 0.8); target.lineTo(x - size, y + size * 0.8); target.closePath(); }
  else if (name === "D") target.rect(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7);
  else if (name === "E") { target.moveTo(x, y - size * 1.15); target.lineTo(x + size * 1.15, y); target.lineTo(x, y + size * 1.15); target.lineTo(x - size * 1.15, y); target.closePath(); }
  else if (name === "A") {
    for (let at = 0; at < 10; at++) {
      const radius = (at % 2 ? 0.6 : 1.45) * size, angle = (at * Math.PI) / 5 - Math.PI / 2;
      target[at ? "lineTo" : "moveTo"](x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    target.closePath();
  } else target.arc(x, y, size, 0, 2 * Math.PI);
}

function nearest(x, y, within = 12) {
  let best = null, least = within * within;
  for (const station of state.shown) {
    const [px, py] = toScreen(station);
    const squared = (px - x) ** 2 + (py - y) ** 2;
    if (squared <= least) { least = squared; best = station; }
  }
  return best;
}

function zoomBy(factor, x = view.width / 2, y = view.height / 2) {
  const scale = Math.min(Math.max(view.scale * factor, 12), 6000);
  view.x += x / view.scale - x / scale;
  view.y += y / view.scale - y / scale;
  view.scale = scale;
  view.moved = true;
  draw();
}

const pointers = new Map();
let moved = 0;
const placeOf = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const [x, y] = placeOf(event);
  zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), x, y);
}, { passive: false });
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, placeOf(event));
  moved = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const [x, y] = placeOf(event);
  const before = pointers.get(event.pointerId);
  if (!before) { hover(x, y); return; }
  if (pointers.size === 2) {
    const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
    const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    zoomBy(distance([x, y], other) / Math.max(distance(before, other), 1), other[0], other[1]);
  } else {
    view.x -= (x - before[0]) / view.scale;
    view.y -= (y - before[1]) / view.scale;
    view.moved = true;
    draw();
  }
  moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
  pointers.set(event.pointerId, [x, y]);
});
for (const name of ["pointerup", "pointercancel"])
  canvas.addEventListener(name, (event) => {
    const down = pointers.delete(event.pointerId);
    if (!down || name === "pointercancel" || moved > 5) return;
    const station = nearest(...placeOf(event));
    if (station) select(station);
  });
canvas.addEventListener("pointerleave", () => hover(-99, -99));

function hover(x, y) {
  const station = nearest(x, y);
  if (station === state.over) return;
  state.over = station;
  canvas.classList.toggle("over", Boolean(station));
  const tip = element("tip");
  tip.hidden = !station;
  if (station) {
    tip.textContent = `${station.code}${station.province ? ", " + station.province : ""}: measured ${whole(station.measured)}, predicted ${whole(station.predicted)} m/s`;
    const [px, py] = toScreen(station);
    tip.style.left = `${Math.min(px + 12, view.width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${Math.max(py - 30, 4)}px`;
  }
  draw();
}
