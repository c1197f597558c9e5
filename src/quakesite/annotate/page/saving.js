// Talking to the server: reads fail loudly, actions are sent one by one and kept until they are on disk.

const RETRY_MS = 1000;

export async function get(path, values = {}) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value != null));
  const answer = await fetch(`${path}?${query}`);
  if (!answer.ok) throw new Error(await reason(answer));
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

/** Sends actions in order. An action that nobody has answered yet is sent again until somebody does. */
export class Saver {
  #waiting = [];
  #busy = false;

  /** `told(state, detail)` hears "waiting", "saved", "unreachable" and "refused"; `done(reply, action)` each reply. */
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

  /** Queues an action. Steps of one movement (`merge`) that are still waiting give way to the newest. */
  send(action) {
    const last = this.#waiting.at(-1);
    const same = ["kind", "record_id", "phase", "merge"].every((name) => last?.[name] === action[name]);
    if (action.merge && same && this.#waiting.length > 1) this.#waiting.pop();
    this.#waiting.push({ id: crypto.randomUUID(), ...action });
    this.told("waiting");
    if (!this.#busy) this.#run();
  }

  async #run() {
    this.#busy = true;
    while (this.#waiting.length) {
      const action = this.#waiting[0];
      let answer;
      try {
        answer = await fetch("/api/action", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(action),
          keepalive: true,
        });
        if (answer.ok) answer = { ok: true, reply: await answer.json() };
      } catch {
        this.told("unreachable");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      this.#waiting.shift();
      if (answer.ok) {
        if (!this.#waiting.length) this.told("saved");
        this.done(answer.reply, action);
      } else {
        this.#waiting.length = 0;
        this.told("refused", await reason(answer));
      }
    }
    this.#busy = false;
  }
}
