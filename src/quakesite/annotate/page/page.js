// The annotation page: one record at a time, its picks, and the keys.

import { RecordList } from "./list.js";
import { CLASSES, PHASES, $, buildCards, notify, notifyError, showCard, showFacts, showProgress, showSaving, showTime, stateOf } from "./panel.js";
import { Plots } from "./plots.js";
import { Records } from "./records.js";
import { Saver, get, getJson, speakFor } from "./saving.js";
import { spectrogramImage } from "./spectrogram.js";

const CLOSE_UP_S = 2;
const MOVEMENT_ENDS_MS = 900;
const REMEMBERED = "quakesite";

const remembered = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
const wants = { hints: true, theory: true, filter: false, component: "Z", openAt: "arrivals", ...remembered };
const records = new Records();
let session = null;
let record = null; // what is looked at: the server's description, with `samples` and `theory`
let chosen = null; // the phase that clicks and keys are meant for
let looking = 0;
let movement = Date.now(); // tells movements apart, those before a reload, too
let closeUp = null;
const unsaved = new Map(); // what the page knows of a record and the server does not yet
let line = Promise.resolve(); // what was asked for and is yet to be done
let inLine = 0;

const plots = new Plots((time) => chosen && setPick(chosen, time), dragged);
const saver = new Saver(tellSaved, saved);
const list = new RecordList($("list"), $("rows"), (id) => inTurn(() => open(id)), (total) => {
  $("total").textContent = `${total.toLocaleString("en")} ${total === 1 ? "record" : "records"}`;
});

/** Does things one after another: a key that is pressed while a record is being fetched is meant for that record. */
function inTurn(act) {
  inLine++;
  line = line.then(act).catch(notifyError).finally(() => inLine--);
  return line;
}

// Records

const band = () => (wants.filter ? { low: $("low").value, high: $("high").value } : {});

async function open(id, { keepView = false } = {}) {
  const turn = ++looking;
  try {
    const [described, samples] = await fetchShown(id);
    if (turn !== looking) return;
    if (!keepView) plots.clear();
    record = { ...described, ...unsaved.get(id), theory: {} };
    plots.setSamples(new Float32Array(samples), record.sampling_rate_hz);
    notify("");
  } catch (error) {
    if (turn === looking) notify(error.message);
    return;
  }
  history.replaceState(null, "", `?record=${encodeURIComponent(id)}`);
  localStorage.setItem(`${REMEMBERED} ${session.annotator}`, id);
  if (!keepView) choose(PHASES.find((phase) => !record.picks[phase]) ?? null);
  showRecord();
  if (!keepView) (wants.openAt === "whole" ? showWhole : showArrivals)();
  list.reveal(id).catch(notifyError);
  surround(id, turn, keepView).catch((error) => turn === looking && notify(error.message));
}

/** Adds what a shown record can be worked on without: theory, spectrogram; and fetches the next one. */
async function surround(id, turn, keepView) {
  const theory = await getJson("/api/theory", { record: id });
  if (turn !== looking) return;
  record.theory = theory;
  showHints();
  if (!keepView && !looked() && wants.openAt !== "whole") showArrivals();
  await showSpectrogram(turn);
  await prefetch(turn);
}

/** Returns a record as it is to be shown: unfiltered, with a word about it, where its rate does not allow the band. */
async function fetchShown(id) {
  try {
    return await records.fetch(id, band());
  } catch (error) {
    if (!wants.filter || error.status !== 400) throw error;
    const plain = await records.fetch(id, {});
    wants.filter = false;
    remember();
    setTimeout(() => notify(`Shown without the band-pass: ${error.message}`));
    return plain;
  }
}

const looked = () => PHASES.some((phase) => expected(phase, false) != null);

async function showSpectrogram(turn = looking) {
  const answer = await get("/api/spectrogram", { record: record.record_id, component: wants.component });
  const picture = spectrogramImage(new Uint8Array(await answer.arrayBuffer()), answer.headers);
  if (turn === looking) plots.setSpectrogram(picture.url, picture);
}

async function prefetch(turn) {
  const { record_id: next } = await step(1);
  if (next && turn === looking) await records.fetch(next, band());
}

const step = (by, unpicked = false) =>
  getJson("/api/step", { queue: list.queue, text: list.text, record: record.record_id, by, unpicked: unpicked ? 1 : 0 });

async function go(by, unpicked = false) {
  if (!record) return;
  const { record_id: next } = await step(by, unpicked);
  if (next) await open(next);
  else notify(unpicked ? "Nothing is left unpicked here." : `This is the ${by > 0 ? "last" : "first"} record of the queue.`);
}

async function showQueue(queue) {
  for (const button of document.querySelectorAll("#queues button")) {
    button.setAttribute("aria-pressed", button.dataset.queue === queue);
  }
  await list.show({ queue });
  if (!record || (queue !== "all" && (await getJson("/api/place", { queue, text: list.text, record: record.record_id })).place == null)) {
    await openFirst(queue, list.text);
  }
}

async function openFirst(queue, text) {
  const { rows } = await getJson("/api/list", { queue, text, limit: 1 });
  if (rows.length) await open(rows[0][0]);
}

// Picks

function act(kind, values = {}) {
  const { record_id, picks, aside, reason } = record;
  unsaved.set(record_id, { picks, aside, reason });
  saver.send({ kind, record_id, ...values });
  records.forget(record.record_id);
  showPicks();
}

function setPick(phase, time, merge = "") {
  if (!record || record.aside) return notify("This record is set aside; X takes it back.");
  const last = record.n_samples - 1;
  const sample = Math.min(Math.max(Math.round(time * record.sampling_rate_hz), 0), last);
  const before = record.picks[phase];
  const pick = { uncertainty_class: null, comment: "", ...before, time_s: sample / record.sampling_rate_hz };
  record.picks = { ...record.picks, [phase]: pick };
  if (!before) choose(PHASES.find((other) => !record.picks[other]) ?? null);
  sendPick(phase, merge);
}

function sendPick(phase, merge = "") {
  const { time_s, uncertainty_class, comment } = record.picks[phase];
  act("set", { phase, time_s, uncertainty_class, comment, merge });
}

function dragged(phase, time, ended) {
  if (ended) setPick(phase, time);
  else showTime(phase, record, time);
  if (chosen !== phase && ended) choose(phase);
}

function nudge(samples) {
  const phase = chosen ?? PHASES.findLast((name) => record.picks[name]);
  if (!phase) return;
  const pick = record.picks[phase];
  if (!pick) {
    setPick(phase, expected(phase) ?? plots.middle);
    choose(phase);
    return;
  }
  choose(phase);
  clearTimeout(nudge.timer);
  nudge.timer = setTimeout(() => movement++, MOVEMENT_ENDS_MS);
  setPick(phase, pick.time_s + samples / record.sampling_rate_hz, `nudge ${movement}`);
  const [start, end] = plots.view;
  const time = record.picks[phase].time_s;
  if (time < start || time > end) plots.look(time - (end - start) / 2, time + (end - start) / 2);
}

function remove() {
  const phase = chosen && record.picks[chosen] ? chosen : PHASES.findLast((name) => record.picks[name]);
  if (!phase) return;
  record.picks = Object.fromEntries(Object.entries(record.picks).filter(([name]) => name !== phase));
  choose(phase);
  act("delete", { phase });
}

const suggestions = (phase) => record.suggestions.filter((one) => one.phase === phase);

function accept(phase = chosen) {
  if (!phase) return;
  const choices = suggestions(phase);
  if (!choices.length) return notify(`No suggestion for ${phase}.`);
  const now = choices.findIndex((one) => Math.abs(one.time_s - record.picks[phase]?.time_s) < 0.6 / record.sampling_rate_hz);
  setPick(phase, choices[(now + 1) % choices.length].time_s);
}

function acceptAll() {
  for (const phase of PHASES) if (!record.picks[phase] && suggestions(phase).length) accept(phase);
}

function classify(number, phase = chosen) {
  phase = phase && record.picks[phase] ? phase : lastPicked();
  if (!phase) return;
  const pick = record.picks[phase];
  record.picks = { ...record.picks, [phase]: { ...pick, uncertainty_class: pick.uncertainty_class === number ? null : number } };
  sendPick(phase);
}

const lastPicked = () => PHASES.findLast((phase) => record.picks[phase]);

function setAside() {
  const aside = !record.aside;
  record.aside = aside;
  record.picks = {};
  record.reason = "";
  choose(aside ? null : "P");
  act(aside ? "aside" : "back");
}

function giveReason(text) {
  if (!record.aside || text === record.reason) return;
  record.reason = text;
  act("aside", { comment: text });
}

/** Drops what the server has taken, or has refused for good. */
function forgetSettled() {
  for (const id of unsaved.keys()) if (!saver.isPending(id)) unsaved.delete(id);
}

function saved(reply, action) {
  forgetSettled();
  records.forget(reply.record_id);
  showProgress(reply);
  if (action.kind === "undo" && reply.record_id && reply.record_id !== record.record_id) return inTurn(() => open(reply.record_id));
  if (reply.record_id !== record.record_id || saver.isPending(reply.record_id)) return list.mark(reply.record_id, stateOf(reply));
  Object.assign(record, reply);
  if (action.kind === "undo") choose(PHASES.find((phase) => !record.picks[phase]) ?? null);
  showPicks();
}

// What is shown

function tellSaved(state, detail) {
  showSaving(state, saver.pending, detail);
  if (state === "refused" && record) {
    forgetSettled();
    records.forget(record.record_id);
    inTurn(() => open(record.record_id, { keepView: true }));
  }
}

function showRecord() {
  showPicks();
  showHints();
}

function showPicks() {
  showFacts(record, plots.duration);
  choose(chosen);
  if (record.theory?.sp != null) showHints();
  list.mark(record.record_id, stateOf(record));
}

function showHints() {
  const hints = [];
  if (wants.hints) {
    for (const { method, phase, time_s, probability } of record.suggestions) {
      const text = `${phase} ${method}${probability != null ? ` ${probability.toFixed(2)}` : ""}`;
      hints.push({ phase, time_s, text, kind: "suggestion", row: 1 + session.methods.indexOf(method) });
    }
  }
  if (wants.hints) {
    for (const { method, phase, time_s, probability } of record.rivals) {
      const text = probability != null ? `${phase} ${probability.toFixed(2)}` : phase;
      hints.push({ phase, time_s, text, kind: "rival", row: 1 + session.methods.indexOf(method) });
    }
  }
  for (const [phase, time_s] of Object.entries(wants.theory ? theory() : {})) {
    if (time_s < 0 || time_s > plots.duration) continue;
    const text = `${phase} ${session.earth_model}${record.theory.sp == null ? "" : ", from P"}`;
    hints.push({ phase, time_s, text, kind: "theory", row: 1 + session.methods.length });
  }
  plots.setHints(hints);
}

/** Shows the whole record or the arrivals, now and whenever a record opens. */
function openAt(what) {
  wants.openAt = what;
  remember();
  (what === "whole" ? showWhole : showArrivals)();
}

/** Where theory has P and S; where the record's start is unknown, S as far behind P as it should be. */
function theory() {
  const known = record.theory ?? {};
  if (known.sp == null) return known;
  const p = record.picks.P?.time_s ?? suggestions("P")[0]?.time_s;
  return p == null ? {} : { S: p + known.sp };
}

/** Where a phase is expected: the pick, the suggestion, the theoretical arrival. */
function expected(phase, withTheory = true) {
  return record.picks[phase]?.time_s ?? suggestions(phase)[0]?.time_s ?? (withTheory ? theory()[phase] : undefined);
}

function showWhole() {
  closeUp = null;
  plots.whole();
}

function showArrivals() {
  closeUp = null;
  const times = PHASES.map((phase) => expected(phase)).filter((time) => time >= 0 && time <= plots.duration);
  if (!times.length) return plots.whole();
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const width = Math.max(last - first, 6);
  plots.look(first - 0.6 * width, first + 2 * width);
}

function showClose() {
  const known = PHASES.filter((phase) => expected(phase) != null);
  const next = known[known.indexOf(closeUp) + 1];
  if (!next) return showArrivals();
  closeUp = next;
  choose(next);
  plots.look(expected(next) - CLOSE_UP_S, expected(next) + CLOSE_UP_S);
}

function choose(phase) {
  chosen = phase;
  plots.setPicks(record.picks, chosen);
  for (const name of PHASES) showCard(name, record, name === chosen, suggestions(name)[0]);
}

function remember() {
  localStorage.setItem(REMEMBERED, JSON.stringify(wants));
  $("filter").setAttribute("aria-pressed", wants.filter);
  $("hints").setAttribute("aria-pressed", wants.hints);
  $("theory").setAttribute("aria-pressed", wants.theory);
  $("component").querySelector("b").textContent = wants.component;
  $("whole").setAttribute("aria-pressed", wants.openAt === "whole");
  $("arrivals").setAttribute("aria-pressed", wants.openAt !== "whole");
}

function toggle(name, then) {
  wants[name] = !wants[name];
  remember();
  then();
}

const refilter = () => open(record.record_id, { keepView: true });

function nextComponent() {
  wants.component = { Z: "E", E: "N", N: "Z" }[wants.component];
  remember();
  showSpectrogram().catch(notifyError);
}

function comment(phase = chosen) {
  if (record.aside) return $("reason").focus();
  const target = phase && record.picks[phase] ? phase : lastPicked();
  if (target) document.querySelector(`#card-${target} .comment`).focus();
}

// Keys and buttons

const KEYS = {
  p: () => choose("P"), s: () => choose("S"), Escape: () => choose(null),
  ArrowLeft: (event) => nudge(event.shiftKey ? -10 : -1), ArrowRight: (event) => nudge(event.shiftKey ? 10 : 1),
  ArrowUp: () => plots.amplify(1.5), ArrowDown: () => plots.amplify(1 / 1.5),
  Delete: remove, Backspace: remove, a: () => accept(chosen ?? lastPicked()), Enter: acceptAll, c: () => comment(), x: setAside,
  z: () => act("undo"), n: () => go(1), b: () => go(-1), u: () => go(1, true),
  l: () => showQueue(list.queue === "low_agreement" ? "all" : "low_agreement"),
  f: () => toggle("filter", refilter), g: nextComponent, h: () => toggle("hints", showHints), t: () => toggle("theory", showHints),
  w: () => openAt("whole"), e: () => openAt("arrivals"), " ": showClose, "+": () => plots.zoom(0.6), "=": () => plots.zoom(0.6), "-": () => plots.zoom(1 / 0.6),
  "[": () => plots.pan(-0.25), "]": () => plots.pan(0.25), ",": () => plots.pan(-0.25), ".": () => plots.pan(0.25),
  "/": () => $("search").focus(), "?": () => $("keys").showModal(),
  ...Object.fromEntries(CLASSES.map((_, number) => [number, () => classify(number)])),
};
const AT_ONCE = new Set(["/", "?"]); // they move the focus: what is typed next is not meant for the record
const WITHOUT_RECORD = new Set([...AT_ONCE, "l"]);

function pressed(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const typing = event.target.matches("input, select, textarea");
  if (typing || $("keys").open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (["Enter", " "].includes(key) && event.target.matches("button, a")) return;
  if (!(key in KEYS)) return;
  event.preventDefault();
  if (AT_ONCE.has(key)) KEYS[key](event);
  else if (!event.repeat || !inLine) inTurn(() => (record || WITHOUT_RECORD.has(key)) && KEYS[key](event));
}

function wire() {
  buildCards({
    choose, accept, classify,
    remove: (phase) => { chosen = phase; remove(); },
    comment: (phase, text) => {
      record.picks = { ...record.picks, [phase]: { ...record.picks[phase], comment: text } };
      sendPick(phase);
    },
  });
  document.addEventListener("keydown", pressed);
  // A button that was clicked gives the keys back to the record; one reached with Tab keeps them.
  document.addEventListener("click", (event) => event.detail && event.target.closest("button")?.blur());
  const buttons = {
    filter: "f", component: "g", hints: "h", theory: "t", whole: "w", arrivals: "e", close: " ", help: "?",
    undo: "z", aside: "x", previous: "b", next: "n", unpicked: "u",
  };
  for (const [id, key] of Object.entries(buttons)) $(id).onclick = (event) => inTurn(() => KEYS[key](event));
  for (const button of document.querySelectorAll("#queues button")) button.onclick = () => inTurn(() => showQueue(button.dataset.queue));
  for (const id of ["low", "high"]) $(id).onchange = () => inTurn(() => wants.filter && refilter());
  let typed = 0;
  $("search").oninput = () => {
    clearTimeout(typed);
    typed = setTimeout(() => inTurn(() => list.show({ text: $("search").value })), 120);
  };
  const search = () => inTurn(async () => {
    clearTimeout(typed);
    await list.show({ text: $("search").value });
    await openFirst(list.queue, list.text);
  });
  $("reason").onchange = () => giveReason($("reason").value);
  $("reason").addEventListener("keydown", ({ key }) => ["Enter", "Escape"].includes(key) && $("reason").blur());
  $("search").onkeydown = (event) => {
    if (event.key === "Escape" || event.key === "Enter") event.target.blur();
    if (event.key === "Enter") search();
  };
}

async function start() {
  wire();
  session = await getJson("/api/session");
  speakFor(session.notebook);
  $("annotator").textContent = session.annotator;
  $("annotator").title = session.file;
  $("low").value = session.band.low_hz;
  $("high").value = session.band.high_hz;
  remember();
  showProgress(session);
  await plots.build($("plots"), session.methods.length + 2);
  await list.show();
  const asked = new URLSearchParams(location.search).get("record");
  await inTurn(() => open(asked ?? localStorage.getItem(`${REMEMBERED} ${session.annotator}`) ?? session.start));
  if (!record) await inTurn(() => open(session.start));
  await saver.resume();
  globalThis.quakesite = { plots }; // for whoever looks in with the console
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  notify(error.message);
  clearTimeout(notify.timer);
  throw error;
});
