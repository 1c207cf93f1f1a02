/** The open sessions of the person, newest first, kept up to date while they are looked at. */

import { call, client } from "../api/client";
import { told, unlessGone } from "../api/problem";
import type { Session } from "../api/types";
import { live } from "../state/live.svelte";

export class SessionList {
  rows = $state.raw<Session[] | null>(null); // null: not known yet
  problem = $state<string | null>(null);
  readonly others = $derived(this.rows?.filter(({ current }) => !current) ?? []);

  /** For as long as the list is shown: `$effect(() => list.watch())`. */
  watch(): () => void {
    void this.load();
    const stops = [
      live.onEvent(({ type }) => {
        if (type === "SessionOpened" || type === "SessionClosed") void this.load();
      }),
      live.onRefresh(() => void this.load()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async load(): Promise<void> {
    try {
      const { sessions } = await call(client.GET("/auth/sessions"));
      // The one that asks stands first: it is what the others are told apart by.
      this.rows = sessions.toSorted(
        (a, b) => Number(b.current) - Number(a.current) || b.created_at.localeCompare(a.created_at),
      );
      this.problem = null;
    } catch (error) {
      this.problem = told(error);
    }
  }

  async close(id: string): Promise<void> {
    const params = { path: { session_id: id } };
    await call(client.DELETE("/auth/sessions/{session_id}", { params })).catch(unlessGone);
    this.rows = this.rows?.filter((row) => row.id !== id) ?? null;
  }

  /** All but this one, one after the other. Rejects at the first that stays open. */
  async closeOthers(): Promise<void> {
    for (const { id } of this.others) await this.close(id);
  }
}
