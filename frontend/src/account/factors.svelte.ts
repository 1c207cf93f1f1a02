/** What the person has besides the password, kept up to date while it is looked at. */

import { call, client } from "../api/client";
import type { EventType } from "../api/events";
import { told } from "../api/problem";
import type { Factors } from "../api/types";
import { live } from "../state/live.svelte";

const TELLING: ReadonlySet<EventType> = new Set([
  "TotpEnabled", "TotpDisabled", "BackupCodesIssued", "BackupCodeUsed", "PasskeyAdded", "PasskeyRemoved",
]);

class FactorState {
  now = $state.raw<Factors | null>(null); // null: not known yet
  problem = $state<string | null>(null);
  #watchers = 0;
  #stops: (() => void)[] = [];

  /** Whether signing in asks for more than the password, or a passkey alone. */
  get asked(): boolean {
    return this.now !== null && (this.now.totp || this.now.passkeys.some(({ opens }) => !opens));
  }

  /** For as long as some of it is shown: `$effect(() => factors.watch())`. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) this.#begin();
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#end();
    };
  }

  async load(): Promise<void> {
    try {
      this.now = await call(client.GET("/auth/factors"));
      this.problem = null;
    } catch (error) {
      this.problem = told(error);
    }
  }

  #begin(): void {
    void this.load();
    this.#stops = [
      live.onEvent(({ type }) => {
        if (TELLING.has(type)) void this.load();
      }),
      live.onRefresh(() => void this.load()),
    ];
  }

  /** Whoever comes next does not see it for a moment. */
  #end(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.now = null;
  }
}

export const factors = new FactorState();
