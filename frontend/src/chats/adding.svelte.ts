/** Files that somebody chose, dropped or pasted, on their way to the uploads. Where a new chat has to be started for them
 * first and cannot be, they wait here. */

import { told } from "../api/problem";
import { uploading } from "../state/later";
import { session } from "../state/session.svelte";
import { attach } from "./composing";

class Adding {
  waiting = $state.raw<{ chatId: string | null; files: readonly File[] } | null>(null);
  problem = $state<string | null>(null);
  #underWay = 0; // on their way, and known to nobody else yet

  constructor() {
    session.join({
      enter: () => {},
      leave: (gone) => {
        if (gone) this.discard();
      },
    });
    addEventListener("online", () => this.again());
    addEventListener("beforeunload", (event) => {
      if (this.waiting !== null || this.#underWay > 0) event.preventDefault();
    });
  }

  /** Into a chat, where they go with what is written next; null: among the files. */
  async add(chatId: string | null, files: readonly File[]): Promise<void> {
    this.problem = null;
    this.#underWay += 1;
    try {
      if (chatId === null) (await uploading.ready()).add(files, { chatId });
      else await attach(chatId, files);
    } catch (error) {
      this.problem = told(error);
      this.waiting = { chatId, files: [...(this.waiting?.files ?? []), ...files] };
    } finally {
      this.#underWay -= 1;
    }
  }

  again(): void {
    const { waiting } = this;
    this.discard();
    if (waiting !== null) void this.add(waiting.chatId, waiting.files);
  }

  discard(): void {
    this.waiting = null;
    this.problem = null;
  }
}

export const adding = new Adding();
