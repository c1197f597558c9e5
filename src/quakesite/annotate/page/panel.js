// The words around the plots: facts, cards of P and S, progress, what is saved.

import { element } from "./list.js";

const NOTICE_MS = 4000;

export const $ = (id) => document.getElementById(id);
export const PHASES = ["P", "S"];
export const CLASSES = ["±0.05 s", "±0.1 s", "±0.2 s", "±0.4 s", "worse than ±0.4 s"];

const number = (value) => value.toLocaleString("en");
const km = (value) => `${value.toFixed(value < 10 ? 1 : 0)} km`;
const part = (phase, name) => document.querySelector(`#card-${phase} .${name}`);

/** What the list shows of a record: "aside", or the phases picked. */
export const stateOf = ({ aside, picks }) => (aside ? "aside" : PHASES.filter((phase) => picks[phase]).join(""));

/** Says something that goes away by itself; "" takes it away. */
export function notify(text) {
  clearTimeout(notify.timer);
  $("notice").textContent = text;
  $("notice").hidden = !text;
  if (text) notify.timer = setTimeout(() => notify(""), NOTICE_MS);
}

export const notifyError = (error) => notify(error.message);

/** Says whether everything is on disk; see `Saver`. */
export function showSaving(state, pending, detail) {
  const texts = {
    waiting: "saving …",
    saved: "saved",
    unreachable: `The server does not answer; ${pending} not saved. Start quakesite annotate again and leave this page open: nothing is lost.`,
    kept: `${pending} not saved: ${detail}. Tried again every second; leave this page open, nothing is lost.`,
    refused: `Not saved: ${detail}`,
  };
  $("saved").textContent = texts[state];
  $("saved").className = { waiting: "waiting", saved: "" }[state] ?? "failed";
}

export function showProgress({ progress: { records, done, aside, unpicked }, can_undo }) {
  $("bar").max = records;
  $("bar").value = done;
  const also = aside ? ` · ${number(aside)} aside` : "";
  $("counts").textContent = `${number(done)} of ${number(records)} done · ${number(unpicked)} left${also}`;
  $("undo").disabled = !can_undo;
}

export function showFacts(r, duration) {
  const time = (r.event_time ?? r.start_time ?? r.event_id).slice(0, 19).replace("T", " ");
  $("record").textContent = `${r.station}  ·  ${time}`;
  document.title = `${r.station} ${r.event_id}`;
  const facts = [
    r.snr_db != null && `SNR ${r.snr_db.toFixed(0)} dB (${r.snr_from})`,
    r.start_time == null && "no start time",
    r.magnitude != null && `${r.magnitude_type ?? "M"} ${r.magnitude.toFixed(1)}`,
    r.epicentral_distance_km != null && km(r.epicentral_distance_km),
    r.ev_depth_km != null && `depth ${km(r.ev_depth_km)}`,
    `PGA ${number(Number(r.pga_cm_s2.toPrecision(3)))} cm/s²`,
    `${r.sampling_rate_hz} Hz, ${duration.toFixed(0)} s`,
    r.doubt && `methods: ${r.doubt}`,
    r.form,
  ];
  $("facts").textContent = $("facts").title = facts.filter(Boolean).join("  ·  ");
  $("remarks").textContent = r.aside ? "" : r.remarks.join(" · ");
  $("aside").setAttribute("aria-pressed", r.aside);
  $("reason").hidden = !r.aside;
  if (document.activeElement !== $("reason")) $("reason").value = r.reason ?? "";
}

/** Makes the two cards; `on` has what to do: choose, accept, remove, classify(number, phase), comment(phase, text). */
export function buildCards(on) {
  for (const phase of PHASES) {
    $(`card-${phase}`).append($("card").content.cloneNode(true));
    part(phase, "phase").append(phase);
    part(phase, "phase").title = `Choose ${phase}`;
    part(phase, "phase").onclick = () => on.choose(phase);
    part(phase, "accept").onclick = () => on.accept(phase);
    part(phase, "delete").onclick = () => on.remove(phase);
    part(phase, "delete").setAttribute("aria-label", `Remove ${phase}`);
    const comment = part(phase, "comment");
    comment.setAttribute("aria-label", `Comment on ${phase}`);
    comment.addEventListener("change", () => on.comment(phase, comment.value));
    comment.addEventListener("keydown", ({ key }) => ["Enter", "Escape"].includes(key) && comment.blur());
    for (const [place, meaning] of CLASSES.entries()) {
      const button = element("button", "", String(place));
      button.title = meaning;
      button.setAttribute("aria-label", `${phase} uncertainty class ${place}, ${meaning}`);
      button.onclick = () => on.classify(place, phase);
      part(phase, "classes").append(button);
    }
  }
}

/** Shows a phase's pick; `armed` where clicks and keys are meant for it, `best` the suggestion to accept. */
export function showCard(phase, record, armed, best) {
  const pick = record.picks[phase];
  $(`card-${phase}`).classList.toggle("armed", armed);
  part(phase, "phase").setAttribute("aria-pressed", armed);
  part(phase, "accept").disabled = !best || record.aside;
  part(phase, "accept").title = best ? `${best.method}: ${best.time_s.toFixed(2)} s` : "no suggestion";
  part(phase, "delete").disabled = part(phase, "comment").disabled = !pick;
  if (document.activeElement !== part(phase, "comment")) part(phase, "comment").value = pick?.comment ?? "";
  for (const [place, button] of [...part(phase, "classes").children].entries()) {
    button.disabled = !pick;
    button.setAttribute("aria-pressed", pick?.uncertainty_class === place);
  }
  showTime(phase, record, pick?.time_s, armed);
}

export function showTime(phase, record, time, armed) {
  const shown = part(phase, "time");
  shown.classList.toggle("none", time == null);
  if (time != null) shown.textContent = `${time.toFixed(record.sampling_rate_hz > 100 ? 3 : 2)} s`;
  else shown.textContent = armed ? "click to pick" : "not picked";
}
