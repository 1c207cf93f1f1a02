/** Tells the other side that what it wrote was shown: one request at a time, and only while the page is looked at. */

import { call, client } from "../api/client";
import type { Message } from "../api/types";
import { Problem } from "../api/problem";
import { session } from "../state/session.svelte";

const AGAIN_MS = 10_000; // after a refusal that passes
const TOLD_AT_MOST = 1_000;

class Reading {
  #waiting = new Set<string>();
  #told = new Set<string>();
  #busy = false;

  constructor() {
    session.join({
      enter: () => {},
      leave: () => {
        this.#waiting.clear();
        this.#told = new Set();
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
    const told = this.#told; // of this person
    this.#busy = true;
    this.#waiting.delete(id);
    told.add(id);
    const [oldest = id] = told;
    if (told.size > TOLD_AT_MOST) told.delete(oldest);
    try {
      const path = { message_id: id };
      await call(client.POST("/messages/{message_id}/status", { params: { path }, body: { status: "read" } }));
    } catch (error) {
      if (error instanceof Problem && error.passing && told === this.#told) {
        told.delete(id);
        this.#waiting.add(id);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS)); // a status can wait
      }
    } finally {
      this.#busy = false;
    }
    await this.#next();
  }
}

export const reading = new Reading();
