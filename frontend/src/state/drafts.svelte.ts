/** What is being written in each chat, kept in this browser at every keystroke and in step between its tabs. */

import { SvelteMap } from "svelte/reactivity";
import { session } from "./session.svelte";

export interface Draft {
  text: string;
  uploadIds: string[]; // files that will go with it
}

const PREFIX = "strongroom.draft.";
const NOTHING: Draft = { text: "", uploadIds: [] };

function parse(kept: string | null): Draft {
  try {
    const draft: unknown = JSON.parse(kept ?? "null");
    if (typeof draft !== "object" || draft === null) return NOTHING;
    const { text, uploadIds } = draft as Partial<Draft>;
    return { text: String(text ?? ""), uploadIds: Array.isArray(uploadIds) ? uploadIds.map(String) : [] };
  } catch {
    return NOTHING;
  }
}

class Drafts {
  #drafts = new SvelteMap<string, Draft>();

  constructor() {
    session.join({
      enter: ({ id }) => this.#load(id),
      leave: (gone) => {
        if (gone) this.#drafts.clear();
      },
    });
    addEventListener("storage", ({ key, newValue }) => {
      const prefix = this.#key("");
      if (prefix !== null && key?.startsWith(prefix)) this.#put(key.slice(prefix.length), parse(newValue));
    });
  }

  /** Ids of the chats that have one; "new" for one that has not begun. */
  get chats(): string[] {
    return [...this.#drafts.keys()];
  }

  of(chat: string): Draft {
    return this.#drafts.get(chat) ?? NOTHING;
  }

  write(chat: string, draft: Draft): void {
    this.#put(chat, draft);
    const key = this.#key(chat);
    if (key === null) return;
    try {
      if (this.#drafts.has(chat)) localStorage.setItem(key, JSON.stringify(draft));
      else localStorage.removeItem(key);
    } catch {
      // No room or no storage: it stays on the page, as it would without all this.
    }
  }

  clear(chat: string): void {
    this.write(chat, NOTHING);
  }

  #put(chat: string, draft: Draft): void {
    if (draft.text === "" && draft.uploadIds.length === 0) this.#drafts.delete(chat);
    else this.#drafts.set(chat, draft);
  }

  #key(chat: string): string | null {
    return session.user === null ? null : `${PREFIX}${session.user.id}.${chat}`;
  }

  #load(userId: string): void {
    const prefix = `${PREFIX}${userId}.`;
    this.#drafts.clear();
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(prefix)) this.#put(key.slice(prefix.length), parse(localStorage.getItem(key)));
    }
  }
}

export const drafts = new Drafts();
