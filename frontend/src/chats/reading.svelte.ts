/** Tells the other side that what it wrote was shown: one request at a time, and only while the page is looked at. */

import { call, client } from "../api/client";
import type { Message } from "../api/types";
import { session } from "../state/session.svelte";

class Reading {
  #waiting = new Set<string>();
  #told = new Set<string>();
  #busy = false;

  constructor() {
    session.join({
      enter: () => {},
      leave: () => {
        this.#waiting.clear();
        this.#told.clear();
      },
    });
    document.addEventListener("visibilitychange", () => void this.#next());
  }

  /** Gives nothing to show: it is called where a message is drawn. */
  shown({ message_id, role, status }: Message): "" {
    if (role !== "user" && (status === "sent" || status === "delivered") && !this.#told.has(message_id)) {
      this.#waiting.add(message_id);
      queueMicrotask(() => void this.#next());
    }
    return "";
  }

  async #next(): Promise<void> {
    if (this.#busy || document.visibilityState !== "visible") return;
    const [id] = this.#waiting;
    if (id === undefined) return;
    this.#busy = true;
    this.#waiting.delete(id);
    this.#told.add(id);
    try {
      const path = { message_id: id };
      await call(client.POST("/messages/{message_id}/status", { params: { path }, body: { status: "read" } }));
    } catch {
      // A status can wait: the message is drawn again.
    } finally {
      this.#busy = false;
    }
    await this.#next();
  }
}

export const reading = new Reading();
