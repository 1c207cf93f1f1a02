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

/** Some browsers have no storage to give. */
function tried(work: () => void): void {
  try {
    work();
  } catch {
    // Then there is what the page holds.
  }
}

class Drafts {
  #drafts = new SvelteMap<string, Draft>();
  #unkept = new Set<string>(); // no room or no storage: only the page has them

  constructor() {
    session.join({
      enter: ({ id }) => this.#load(id),
      leave: (gone) => {
        if (gone) this.#drafts.clear();
      },
    });
    addEventListener("beforeunload", (event) => {
      if ([...this.#unkept].some((chat) => this.#drafts.has(chat))) event.preventDefault();
    });
    addEventListener("storage", ({ key, newValue }) => {
      const prefix = this.#key("");
      if (prefix !== null && key?.startsWith(prefix)) this.#put(key.slice(prefix.length), parse(newValue));
    });
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
      this.#unkept.delete(chat);
    } catch {
      this.#unkept.add(chat);
      tried(() => localStorage.removeItem(key)); // an older text must not come back in place of this one
    }
  }

  /** A chat that was begun here is known by another id now. */
  move(was: string, is: string): void {
    const [draft, there] = [this.of(was), this.of(is)];
    this.clear(was);
    if (draft === NOTHING) return;
    const text = [there.text, draft.text].filter(Boolean).join("\n");
    this.write(is, { text, uploadIds: [...there.uploadIds, ...draft.uploadIds] });
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
    tried(() => {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(prefix)) this.#put(key.slice(prefix.length), parse(localStorage.getItem(key)));
      }
    });
  }
}

export const drafts = new Drafts();
