"use strict";
// A station's sheet: facts, prediction with its interval, H/V curve, records.
function showSheet(sheet, station) {
  const close = make("button", { id: "close", title: "Close (Esc)", "aria-label": "Close the sheet" }, "×");
  close.addEventListener("click", () => select(null));
  const degrees = (value, letters) => `${Math.abs(value).toFixed(3)}° ${letters[value < 0 ? 1 : 0]}`;
  const heading = make("div", {}, make("h2", { id: "whose" }, `${station.network || ""} ${station.code}`.trim()),
    make("p", { class: "sub" }, [station.province, `${degrees(station.latitude, "NS")}, ${degrees(station.longitude, "EW")}`,
      station.elevation === null ? null : `${whole(station.elevation)} m`].filter(Boolean).join(", ")));
  const parts = [make("header", {}, heading, close)];
  if (data.synthetic) parts.push(make("p", { class: "mark" }, data.mark));
  parts.push(make("h3", {}, "Vs30"), prediction(station), facts(station));
  parts.push(make("h3", {}, "H/V spectral ratio"));
  parts.push(station.hv ? curve(station) : make("p", { class: "sub" }, "no record to compute it from"));
  parts.push(make("h3", {}, `Records (${station.records.length})`), recordTable(station));
  sheet.replaceChildren(...parts);
}

function facts(station) {
  const interval = station.low === null ? "" : ` (${whole(station.low)} to ${whole(station.high)})`;
  const rows = [
    ["measured", station.measured === null ? "not measured" : `${whole(station.measured)} m/s${station.source ? ", " + station.source : ""}`],
    ["predicted", station.predicted === null ? "no prediction" : `${whole(station.predicted)} m/s${interval}`],
    ["interval", station.low === null ? null : `made to hold ${Math.round(100 * (station.coverage ?? data.coverage))} % of unseen stations`],
    ["by", station.predicted === null ? null : `${station.model || "the best model"}, ${station.unseen ? "station not seen in training" : "station seen in training"}`],
    ["site class", station.class === null ? "not known" : `${station.class} (NEHRP, ${station.measured === null ? "predicted" : "measured"})`],
    ["note", station.outside ? "lies outside what the model has seen" : null],
  ];
  const list = make("dl", { class: "facts" });
  for (const [name, value] of rows) if (value) list.append(make("dt", {}, name), make("dd", {}, value));
  return list;
}

function prediction(station) {
  const width = 390, height = 74, left = 12, right = 12, low = Math.log(90), high = Math.log(2200);
  const at = (value) => left + ((Math.log(Math.min(Math.max(value, 90), 2200)) - low) / (high - low)) * (width - left - right);
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Measured and predicted Vs30" });
  for (const [name, , colour, from, to] of CLASSES) {
    node.append(svg("rect", { x: at(from), y: 4, width: at(to) - at(from), height: 36, fill: colour, opacity: 0.16 }));
    node.append(svg("text", { x: (at(from) + at(to)) / 2, y: 13, "text-anchor": "middle" }, name));
  }
  for (const tick of [100, 200, 400, 800, 1600]) {
    node.append(svg("line", { x1: at(tick), x2: at(tick), y1: 40, y2: 44, stroke: "#555" }));
    node.append(svg("text", { x: at(tick), y: 55, "text-anchor": "middle" }, String(tick)));
  }
  node.append(svg("line", { x1: left, x2: width - right, y1: 40, y2: 40, stroke: "#555", "stroke-width": 0.8 }));
  node.append(svg("text", { x: width / 2, y: 69, "text-anchor": "middle" }, "Vs30 (m/s):  ● predicted with interval   ◆ measured"));
  if (station.low !== null) node.append(svg("line", { class: "interval", x1: at(station.low), x2: at(station.high), y1: 33, y2: 33, stroke: "#0077bb", "stroke-width": 2.5 }));
  if (station.predicted !== null) node.append(svg("circle", { class: "predicted", cx: at(station.predicted), cy: 33, r: 5, fill: "#0077bb" }));
  if (station.measured !== null) {
    const x = at(station.measured);
    node.append(svg("path", { class: "measured", d: `M${x},16l5.5,5.5l-5.5,5.5l-5.5,-5.5Z`, fill: "#222", stroke: "#fff", "stroke-width": 0.8 }));
  }
  return node;
}

function curve(station) {
  const width = 390, height = 210, left = 46, right = 8, top = 8, bottom = 36;
  const frequencies = data.frequencies, mean = station.hv, deviation = station.hvDeviation;
  const ends = [Math.min(Math.log(0.5), ...mean.map((m, i) => m - deviation[i])) - 0.15, Math.max(Math.log(5), ...mean.map((m, i) => m + deviation[i])) + 0.15];
  const first = Math.log(frequencies[0]), last = Math.log(frequencies[frequencies.length - 1]);
  const x = (f) => left + ((Math.log(f) - first) / (last - first)) * (width - left - right);
  const y = (ln) => height - bottom - ((ln - ends[0]) / (ends[1] - ends[0])) * (height - top - bottom);
  const path = (values) => values.map((value, i) => `${x(frequencies[i]).toFixed(1)},${y(value).toFixed(1)}`).join("L");
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Mean H/V curve" });
  for (const tick of [0.2, 0.5, 1, 2, 5, 10, 20]) {
    node.append(svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: height - bottom, stroke: "#e6e6e6" }));
    node.append(svg("text", { x: x(tick), y: height - bottom + 14, "text-anchor": "middle" }, String(tick)));
  }
  for (const tick of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]) {
    if (Math.log(tick) < ends[0] || Math.log(tick) > ends[1]) continue;
    node.append(svg("line", { x1: left, x2: width - right, y1: y(Math.log(tick)), y2: y(Math.log(tick)), stroke: tick === 1 ? "#222" : "#e6e6e6", "stroke-width": tick === 1 ? 0.8 : 1 }));
    node.append(svg("text", { x: left - 5, y: y(Math.log(tick)) + 4, "text-anchor": "end" }, String(tick)));
  }
  const upper = mean.map((m, i) => m + deviation[i]), lower = mean.map((m, i) => m - deviation[i]);
  const back = lower.map((value, i) => `${x(frequencies[i]).toFixed(1)},${y(value).toFixed(1)}`).reverse().join("L");
  node.append(svg("path", { d: `M${path(upper)}L${back}Z`, fill: "#0077bb", opacity: 0.16 }));
  node.append(svg("path", { class: "hv", d: `M${path(mean)}`, fill: "none", stroke: "#0077bb", "stroke-width": 2 }));
  const peak = mean.indexOf(Math.max(...mean));
  node.append(svg("line", { x1: x(frequencies[peak]), x2: x(frequencies[peak]), y1: top, y2: height - bottom, stroke: "#222", "stroke-dasharray": "2 3" }));
  node.append(svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, `Frequency (Hz); peak ${frequencies[peak].toFixed(1)} Hz; mean ± 1 std of ${station.hvRecords} records`));
  node.append(svg("text", { x: -(height - bottom + top) / 2, y: 12, "text-anchor": "middle", transform: "rotate(-90)" }, "H/V (1)"));
  return node;
}

function recordTable(station) {
  const header = ["event (UTC)", "M", "distance (km)", "depth (km)", "PGA (cm/s²)", "SNR (dB)"];
  const rows = station.records.map(([event, magnitude, distance, depth, pga, snr]) => make("tr", {},
    ...[event, fixed(magnitude, 1), short(distance), short(depth), short(pga), whole(snr)].map((text) => make("td", {}, text))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...header.map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...rows));
}

if (data.synthetic) element("synthetic").hidden = false;
buildClasses();
update();
resize();
const fragment = () => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; } };
const wanted = fragment();
const asked = wanted === "first" ? stations.find((station) => station.unseen) || stations[0] : stations.find((station) => station.code === wanted);
if (asked) select(asked);
window.quakesite = { placeOf: (code) => { const box = canvas.getBoundingClientRect(); const [x, y] = toScreen(stations.find((s) => s.code === code)); return [x + box.left, y + box.top]; } };
document.documentElement.dataset.ready = "true";
