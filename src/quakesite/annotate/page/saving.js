// Talking to the server: reads fail loudly, actions are sent one by one and kept until they are on disk.

const RETRY_MS = 1000;
const NEVER = new Set([400, 404]); // what is wrong with the action itself; everything else may be mended
const KEPT = "quakesite waiting";

let notebook = ""; // whose picks this page is about

/** Says once, before anything else is asked, whose picks are meant; the server refuses those of anybody else. */
export const speakFor = (name) => { notebook = name; };

export async function get(path, values = {}) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value != null));
  const answer = await fetch(`${path}?${query}`, { headers: notebook ? { "X-Notebook": notebook } : {} }).catch(() => {
    throw new Error("The server does not answer.");
  });
  if (!answer.ok) throw Object.assign(new Error(await reason(answer)), { status: answer.status });
  return answer;
}

export const getJson = async (path, values) => (await get(path, values)).json();

async function reason(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.trim() || answer.statusText;
  }
}

/** Sends actions in order. One that is not on disk is sent again until it is, or until it is refused for good.
 *
 * What waits stands in localStorage, too, so that a page that was closed or has crashed sends it when it is opened
 * again. */
export class Saver {
  #waiting = [];
  #busy = false;
  #place = "";

  /** `told(state, detail)` hears "waiting", "saved", "unreachable", "kept" or "refused"; `done(reply, action)` each reply. */
  constructor(told, done) {
    this.told = told;
    this.done = done;
    addEventListener("beforeunload", (event) => {
      if (this.#waiting.length) event.preventDefault();
    });
  }

  get pending() {
    return this.#waiting.length;
  }

  isPending(recordId) {
    return this.#waiting.some((action) => action.record_id === recordId);
  }

  /** Takes over what pages of this notebook that are closed now have left unsent. */
  async resume() {
    this.#place = `${KEPT} ${notebook} ${crypto.randomUUID()}`;
    this.#hold(this.#place);
    const left = Object.keys(localStorage).filter((name) => name.startsWith(`${KEPT} ${notebook} `));
    for (const place of left) {
      await navigator.locks.request(place, { ifAvailable: true }, (lock) => {
        if (!lock) return; // that page is open, and sends them itself
        this.#waiting.push(...JSON.parse(localStorage.getItem(place) ?? "[]"));
        this.#keep();
        localStorage.removeItem(place);
      });
    }
    if (this.#waiting.length) this.#start();
  }

  /** Holds a lock as long as the page is open. */
  #hold(place) {
    navigator.locks.request(place, () => new Promise(() => {})).catch(console.warn);
  }

  #keep() {
    if (this.#waiting.length) localStorage.setItem(this.#place, JSON.stringify(this.#waiting));
    else localStorage.removeItem(this.#place);
  }

  /** Queues an action. Steps of one movement (`merge`) that are still waiting give way to the newest. */
  send(action) {
    const last = this.#waiting.at(-1);
    const same = ["kind", "record_id", "phase", "merge"].every((name) => last?.[name] === action[name]);
    if (action.merge && same && this.#waiting.length > 1) this.#waiting.pop();
    this.#waiting.push({ id: crypto.randomUUID(), ...action });
    this.#start();
  }

  #start() {
    this.#keep();
    this.told("waiting");
    if (!this.#busy) this.#run();
  }

  async #run() {
    this.#busy = true;
    while (this.#waiting.length) {
      const action = this.#waiting[0];
      let [answer, reply] = [null, null];
      try {
        answer = await fetch("/api/action", {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-Notebook": notebook },
          body: JSON.stringify(action),
          keepalive: true,
        });
        reply = answer.ok ? await answer.json() : await reason(answer);
      } catch {
        this.told("unreachable");
        await pause();
        continue;
      }
      if (!answer.ok && !NEVER.has(answer.status)) {
        this.told("kept", reply);
        await pause();
        continue;
      }
      this.#waiting.shift();
      this.#keep();
      if (answer.ok) {
        if (!this.#waiting.length) this.told("saved");
        this.done(reply, action);
      } else this.told("refused", reply);
    }
    this.#busy = false;
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, RETRY_MS));
