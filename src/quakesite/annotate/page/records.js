// What the server says and sends about a record, kept for the few that were asked for last.

import { get, getJson } from "./saving.js";

const KEPT = 6;

export class Records {
  #kept = new Map();

  /** Returns the description of a record and its samples, a buffer of float32, band-passed where `band` has corners. */
  fetch(id, band) {
    const key = JSON.stringify([id, band]);
    if (!this.#kept.has(key)) {
      const values = { record: id };
      const both = Promise.all([
        getJson("/api/record", values),
        get("/api/samples", { ...values, ...band }).then((answer) => answer.arrayBuffer()),
      ]);
      both.catch(() => this.#kept.delete(key));
      this.#kept.set(key, both);
      if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    }
    return this.#kept.get(key);
  }

  /** Asks anew when the record is wanted again: something about it has changed. */
  forget(id) {
    for (const key of this.#kept.keys()) if (JSON.parse(key)[0] === id) this.#kept.delete(key);
  }
}
