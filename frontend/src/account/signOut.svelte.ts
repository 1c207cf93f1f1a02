/** Leaving, which asks first where something would be lost: `leaving.ask("here")`, and `<Leaving />` once on the page. */

import { call, client } from "../api/client";
import { Problem, told } from "../api/problem";
import { deletions } from "../state/deletions.svelte";
import { session } from "../state/session.svelte";
import { toasts } from "../state/toasts.svelte";
import { t } from "../texts/texts.svelte";
import { nothing, onlyHere, type OnlyHere } from "./onlyHere";

/** This session; all of them; all of them and every token. */
export type How = "here" | "everywhere" | "seal";

export interface Question {
  how: How;
  lost: OnlyHere;
}

const CALLS: Record<How, () => Promise<unknown>> = {
  here: () => call(client.POST("/auth/logout")),
  everywhere: () => call(client.DELETE("/auth/sessions")),
  seal: () => call(client.POST("/auth/seal")),
};

class SigningOut {
  question = $state.raw<Question | null>(null);
  busy = $state(false);

  /** Signs out at once when nothing is lost by it; else, and for more than this session, asks. */
  async ask(how: How): Promise<void> {
    if (session.user === null || this.busy) return;
    const lost = await onlyHere(session.user.id);
    if (how === "here" && nothing(lost)) await this.#leave(how);
    else this.question = { how, lost };
  }

  stay(): void {
    this.question = null;
  }

  async go(): Promise<void> {
    if (this.question !== null) await this.#leave(this.question.how);
  }

  async #leave(how: How): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const deleted = deletions.now(); // what could still be undone is done
      if (how !== "seal") await deleted; // that waits for nothing
      await CALLS[how]();
      await session.gone();
    } catch (error) {
      // Closed already, elsewhere: that is what was wanted. But then nobody knows whether it was sealed.
      if (error instanceof Problem && error.status === 401 && how !== "seal") await session.gone();
      else toasts.show(`${t.account.leaving.failed[how]} ${told(error)}`);
    } finally {
      this.busy = false;
      this.question = null;
    }
  }
}

export const leaving = new SigningOut();
