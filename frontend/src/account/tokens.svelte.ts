/** The API tokens of the person, the newest first, kept up to date while they are looked at. */

import { call, client } from "../api/client";
import { told, unlessGone } from "../api/problem";
import type { Token } from "../api/types";
import { live } from "../state/live.svelte";

export type TokenKind = "read_write" | "read" | "write";
export const TOKEN_KINDS = ["read_write", "read", "write"] as const satisfies readonly TokenKind[];
export const SCOPES = { read_write: ["read", "write"], read: ["read"], write: ["write"] } as const;

export function kindOf(scopes: Token["scopes"]): TokenKind {
  return scopes.length === 2 ? "read_write" : (scopes[0] ?? "read");
}

const LONGEST = 32;

const FSI = String.fromCodePoint(0x2068); // UAX #9: what stands between has a direction of its own
const PDI = String.fromCodePoint(0x2069);

/** A title among other words: of a length that fits, and it does not turn them around. */
export function isolated(title: string): string {
  return FSI + (title.length > LONGEST ? `${title.slice(0, LONGEST)}…` : title) + PDI;
}

export class TokenList {
  rows = $state.raw<Token[] | null>(null); // null: not known yet
  problem = $state<string | null>(null);

  /** For as long as the list is shown: `$effect(() => list.watch())`. */
  watch(): () => void {
    void this.load();
    const stops = [
      live.onEvent(({ type }) => {
        if (type.startsWith("ApiToken")) void this.load();
      }),
      live.onRefresh(() => void this.load()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async load(): Promise<void> {
    try {
      const { tokens } = await call(client.GET("/auth/tokens"));
      this.rows = tokens.toReversed();
      this.problem = null;
    } catch (error) {
      this.problem = told(error);
    }
  }

  async revoke(id: string): Promise<void> {
    await call(client.DELETE("/auth/tokens/{token_id}", { params: { path: { token_id: id } } })).catch(unlessGone);
    this.rows = this.rows?.filter((row) => row.id !== id) ?? null;
  }
}
