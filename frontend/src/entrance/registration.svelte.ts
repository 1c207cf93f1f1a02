/** Who may register here, and the invitation that somebody has come with. */

import { call, client } from "../api/client";
import { Problem } from "../api/problem";
import type { Mode } from "../api/types";
import { invitationIn } from "./invitation";

class Registration {
  /** null: not known yet. */
  mode = $state<Mode | null>(null);
  invitation = $state("");

  /** Whether an invitation is to be shown. Who has come with one is asked for it from the start, and not only once the
   * server has said so. */
  get invited(): boolean {
    return this.mode === "invited" || (this.mode === null && this.invitation !== "");
  }

  async ask(): Promise<void> {
    try {
      this.mode = (await call(client.GET("/registration"))).mode;
    } catch {
      this.mode ??= "open"; // who tries is told by the server
    }
  }

  /** Takes the invitation out of the address, where it would stay for whoever looks over a shoulder. Whether there was
   * one. */
  arrive(): boolean {
    const invitation = invitationIn(location.hash);
    if (invitation === null) return false;
    this.invitation = invitation;
    history.replaceState(history.state, "", location.pathname + location.search);
    return true;
  }

  /** A refusal may tell that it was changed since it was asked. */
  learn(error: unknown): void {
    if (!(error instanceof Problem)) return;
    if (error.code === "invitation_needed") this.mode = "invited";
    if (error.code === "registration_closed") this.mode = "closed";
  }
}

export const registration = new Registration();
