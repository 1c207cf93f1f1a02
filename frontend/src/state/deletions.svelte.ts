/** Deleting, with a way back until it is really done: what is asked to go disappears at once, and goes a little later. */

import { SvelteSet } from "svelte/reactivity";
import { call, client } from "../api/client";
import { Problem, told } from "../api/problem";
import { t } from "../texts/texts.svelte";
import { files } from "./files.svelte";
import { session } from "./session.svelte";
import { HELD_MS, toasts } from "./toasts.svelte";

export const UNDO_MS = 8_000;
const AT_ONCE = 4;

/** A file by its id, or a chat. */
export type Deletable = string | { chatId: string };

function idOf(what: Deletable): string {
  return typeof what === "string" ? what : what.chatId;
}

class Deletions {
  /** Ids of files and chats that lists leave out: asked to be deleted, or deleted since this page was opened. */
  readonly pending = new SvelteSet<string>();
  #undoable = new Map<string, Deletable>(); // not sent to the server yet; undone together, as the note says
  #sending = new Set<string>(); // not answered yet; another set for each who comes
  #timer: ReturnType<typeof setTimeout> | undefined;
  #toast: number | null = null;

  constructor() {
    session.join({ enter: () => {}, leave: (gone) => this.#clear(gone) });
    // A page that goes away does not come back to its timers.
    addEventListener("pagehide", () => void this.now({ keepalive: true }));
  }

  /** Whether lists leave a file out: it, or the chat it belongs to, is asked to be deleted. */
  hides(fileId: string, chatId: string | null): boolean {
    return this.pending.has(fileId) || (chatId !== null && this.pending.has(chatId));
  }

  /** Hides it at once and deletes it after a while, unless the person undoes it. */
  ask(what: Deletable): void {
    const id = idOf(what);
    if (this.pending.has(id)) return;
    this.pending.add(id);
    this.#undoable.set(id, what);
    this.#restart();
  }

  /** Takes back whatever has not been sent. */
  undo(): void {
    for (const id of this.#settle().keys()) this.pending.delete(id);
  }

  /** Sends what waits without waiting any longer: before signing out, say. What fails comes back, with the reason. */
  async now(init: { keepalive?: boolean } = {}): Promise<void> {
    const batch = this.#settle();
    const sending = this.#sending;
    const failed: Deletable[] = [];
    let reason = "";
    for (const id of batch.keys()) sending.add(id);
    const waiting = batch.entries();
    const some = async () => {
      for (const [id, what] of waiting) {
        if (sending !== this.#sending) return; // whoever asked has left
        try {
          await this.#delete(what, init);
        } catch (error) {
          reason = told(error);
          failed.push(what);
        }
        sending.delete(id);
      }
    };
    await Promise.all(Array.from({ length: init.keepalive ? batch.size : AT_ONCE }, some));
    if (failed.length === 0 || sending !== this.#sending) return;
    for (const what of failed) this.pending.delete(idOf(what));
    const again = { label: t.common.retry, run: () => failed.forEach((what) => this.ask(what)) };
    toasts.show(t.common.notDeleted(failed.length, reason), again, UNDO_MS);
  }

  async #delete(what: Deletable, init: { keepalive?: boolean }): Promise<void> {
    try {
      if (typeof what === "string") {
        await call(client.DELETE("/files/{file_id}", { params: { path: { file_id: what } }, ...init }));
      } else {
        await call(client.DELETE("/chats/{chat_id}", { params: { path: { chat_id: what.chatId } }, ...init }));
      }
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) throw error; // gone already, which is as well
    }
    if (typeof what === "string") files.drop(what);
  }

  /** One note for all that waits; the newest gives all of them its time. */
  #restart(): void {
    if (this.#toast !== null) toasts.drop(this.#toast);
    this.#toast = toasts.show(
      t.common.deleted(this.#undoable.size),
      { label: t.common.undo, run: () => this.undo() },
      UNDO_MS,
    );
    this.#wait(UNDO_MS);
  }

  /** Nothing goes under the hand of who may be about to undo it: it stays as long as the note does. */
  #wait(forMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (toasts.held() ? this.#wait(HELD_MS) : void this.now()), forMs);
  }

  /** Nothing waits any more; gives what did. */
  #settle(): Map<string, Deletable> {
    const batch = this.#undoable;
    this.#undoable = new Map();
    clearTimeout(this.#timer);
    if (this.#toast !== null) toasts.drop(this.#toast);
    this.#toast = null;
    return batch;
  }

  #clear(gone: boolean): void {
    const count = this.#settle().size + this.#sending.size;
    this.#sending = new Set();
    this.pending.clear();
    if (gone || count === 0) return;
    toasts.show(t.common.notDeleted(count, new Problem(401, { code: "bad_credentials" }).message));
  }
}

export const deletions = new Deletions();
