/** Signing out, which asks first where something would be lost: `leaving.ask()`, and `<Leaving />` once on the page. */

import { call, client } from "../api/client";
import { Problem, told } from "../api/problem";
import { deletions } from "../state/deletions.svelte";
import { session } from "../state/session.svelte";
import { toasts } from "../state/toasts.svelte";
import { t } from "../texts/texts.svelte";
import { nothing, onlyHere, type OnlyHere } from "./onlyHere";

export interface Question {
  everywhere: boolean;
  lost: OnlyHere;
}

class SigningOut {
  question = $state.raw<Question | null>(null);
  busy = $state(false);

  /** Signs out at once when nothing is lost by it; else, and for all sessions at once, asks. */
  async ask({ everywhere = false } = {}): Promise<void> {
    if (session.user === null || this.busy) return;
    const lost = await onlyHere(session.user.id);
    if (!everywhere && nothing(lost)) await this.#leave(false);
    else this.question = { everywhere, lost };
  }

  stay(): void {
    this.question = null;
  }

  async go(): Promise<void> {
    if (this.question !== null) await this.#leave(this.question.everywhere);
  }

  async #leave(everywhere: boolean): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await deletions.now(); // what could still be undone is done
      if (everywhere) await call(client.DELETE("/auth/sessions"));
      else await call(client.POST("/auth/logout"));
      await session.gone();
    } catch (error) {
      // Closed already, elsewhere: that is what was wanted.
      if (error instanceof Problem && error.status === 401) await session.gone();
      else toasts.show(`${t.account.leaving.failed} ${told(error)}`);
    } finally {
      this.busy = false;
      this.question = null;
    }
  }
}

export const leaving = new SigningOut();
