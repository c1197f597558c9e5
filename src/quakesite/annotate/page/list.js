// The list of records: only the rows in sight exist, and only the pages in sight are fetched.

import { getJson } from "./saving.js";

const ROW = 42;
const PAGE = 100;
const SPARE = 6;

export class RecordList {
  #pages = new Map();
  #total = 0;
  #generation = 0;
  #current = "";
  #drawing = 0;

  constructor(box, rows, opened, counted) {
    this.box = box;
    this.rows = rows;
    this.counted = counted;
    this.queue = "all";
    this.text = "";
    box.addEventListener("scroll", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(box);
    rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row?.dataset.record) opened(row.dataset.record);
    });
  }

  /** Shows another queue or search, or the same one anew, with the record `current` in sight. */
  async show({ queue = this.queue, text = this.text } = {}) {
    Object.assign(this, { queue, text });
    const generation = ++this.#generation;
    this.#pages = new Map();
    await this.#fetch(0, generation);
    if (generation === this.#generation && this.#current) await this.reveal(this.#current);
  }

  /** Marks a record as the one that is looked at, and scrolls to it where it is in the list. */
  async reveal(recordId) {
    this.#current = recordId;
    this.#draw();
    const { place } = await getJson("/api/place", { queue: this.queue, text: this.text, record: recordId });
    if (place == null || recordId !== this.#current) return;
    const top = place * ROW;
    const inSight = top >= this.box.scrollTop && top + ROW <= this.box.scrollTop + this.box.clientHeight;
    if (!inSight) this.box.scrollTop = Math.max(0, top - this.box.clientHeight / 2 + ROW / 2);
    this.#draw();
  }

  /** Shows the new state of one record, without asking the server. */
  mark(recordId, state) {
    for (const page of this.#pages.values()) {
      for (const row of Array.isArray(page) ? page : []) if (row[0] === recordId) row[4] = state;
    }
    this.#draw();
  }

  async #fetch(number, generation) {
    if (this.#pages.has(number)) return;
    this.#pages.set(number, "asked");
    const values = { queue: this.queue, text: this.text, offset: number * PAGE, limit: PAGE };
    const { total, rows } = await getJson("/api/list", values);
    if (generation !== this.#generation) return;
    this.#pages.set(number, rows);
    this.#total = total;
    this.rows.style.height = `${total * ROW}px`;
    this.counted(total);
    this.#draw();
  }

  #draw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      const first = Math.max(0, Math.floor(this.box.scrollTop / ROW) - SPARE);
      const last = Math.min(this.#total, Math.ceil((this.box.scrollTop + this.box.clientHeight) / ROW) + SPARE);
      const rows = [];
      for (let place = first; place < last; place++) {
        const page = this.#pages.get(Math.floor(place / PAGE));
        if (!page) this.#fetch(Math.floor(place / PAGE), this.#generation).catch(console.warn);
        else if (Array.isArray(page) && page[place % PAGE]) rows.push(this.#row(place, page[place % PAGE]));
      }
      this.rows.replaceChildren(...rows);
    });
  }

  #row(place, [recordId, station, magnitude, distance, state, doubt]) {
    const row = element("div", "row");
    row.style.top = `${place * ROW}px`;
    row.dataset.record = recordId;
    row.id = `row-${place}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", recordId === this.#current);
    row.setAttribute("aria-posinset", place + 1);
    row.setAttribute("aria-setsize", this.#total);
    if (recordId === this.#current) this.box.setAttribute("aria-activedescendant", row.id);
    const stamp = recordId.slice(0, 14).replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3 $4:$5");
    const facts = [magnitude && `M ${magnitude.toFixed(1)}`, distance != null && `${distance.toFixed(0)} km`];
    const marks = element("span", "state");
    if (state === "aside") marks.append(element("span", "about", "aside"));
    else for (const phase of state) marks.append(element("span", phase, phase));
    row.append(
      element("span", "station", station), marks,
      element("span", "about", stamp),
      doubt ? element("span", "doubt", doubt) : element("span", "about", facts.filter(Boolean).join(" · ")),
    );
    return row;
  }
}

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
