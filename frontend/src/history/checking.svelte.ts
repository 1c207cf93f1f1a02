/** Checks events against the log: each one's proof, and that the log is still the one that this browser knows. */

import { SvelteMap } from "svelte/reactivity";
import { call, client } from "../api/client";
import { log } from "../api/log";
import { told } from "../api/problem";
import type { HistoryEvent } from "../api/types";
import { t } from "../texts/texts.svelte";
import { pin, pinned, remember, seen } from "./memory";
import { parseKey, Refuted, verify, type Checkpoint, type Fault, type Verified, type VerifierKey } from "./proof";
import { hashesIn, rootsOf, same } from "./tree";

const AT_ONCE = 4;

/** `contradicted`: the proof fits a checkpoint that does not fit what this browser has seen of the log. */
export type Verdict =
  | { kind: "asking" }
  | ({ kind: "holds" } & Verified)
  | { kind: "refuted"; fault: Fault | "contradicted"; what: string }
  | { kind: "unanswered"; why: string };

/** How the log compares with the largest checkpoint seen before. `first`: there was none. `unlinked`: it could not be
 * compared, and `why`. */
export type Growth =
  | { kind: "first" | "same"; size: number }
  | { kind: "grown" | "shrunk" | "rewritten"; from: number; size: number }
  | { kind: "unlinked"; why: string };

/** The log's key in this browser. `isNew`: met just now. `lasts`: this browser can remember it. */
export interface Trust {
  key: VerifierKey;
  since: string;
  isNew: boolean;
  lasts: boolean;
}

export class Checking {
  verdicts = new SvelteMap<number, Verdict>();
  busy = $state(false);
  trust = $state.raw<Trust | null>(null);
  /** The log says that this is its key, and it is not the one that this browser knows. */
  changed = $state.raw<VerifierKey | null>(null);
  growth = $state.raw<Growth | null>(null);
  problem = $state<string | null>(null);
  keyless = $state(false); // the log has no key yet

  /** False on plain HTTP from another machine: browsers keep their cryptography for secure pages. */
  readonly able = globalThis.crypto?.subtle !== undefined;

  get contradicted(): boolean {
    return this.growth?.kind === "shrunk" || this.growth?.kind === "rewritten";
  }

  async check(events: readonly HistoryEvent[]): Promise<void> {
    if (this.busy || !this.able) return;
    this.busy = true;
    this.problem = null;
    try {
      const key = await this.#knownKey();
      if (key === null) return;
      const before = seen(); // what is asked for from here on must be as large
      const checkpoints: Checkpoint[] = [];
      const waiting = [...events];
      const work = async () => {
        for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
          const verdict = await this.#checkOne(event, key);
          if (verdict.kind === "holds" && verdict.signed) checkpoints.push(verdict.checkpoint);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await this.#compare(before, checkpoints);
    } catch (error) {
      this.problem = error instanceof Refuted ? t.history.faults[error.fault] : told(error);
    } finally {
      this.busy = false;
    }
  }

  /** Takes the new key for the log's, and begins anew with it. */
  accept(): void {
    const key = this.changed;
    if (key === null) return;
    this.#trustNewly(key);
    this.changed = null;
    this.growth = null;
    this.verdicts.clear();
  }

  /** The key that this browser knows the log by, or meets now; null when there is none, or another one has come. */
  async #knownKey(): Promise<VerifierKey | null> {
    const line = await log.key();
    this.keyless = line === null;
    if (line === null) return null;
    const shown = await parseKey(line);
    const known = await pinned();
    if (known !== null) {
      this.trust = { ...known, isNew: this.trust?.isNew ?? false, lasts: true };
    } else if (this.trust === null) {
      this.#trustNewly(shown);
    }
    this.changed = this.trust?.key.line === line ? null : shown;
    return this.changed === null ? shown : null;
  }

  #trustNewly(key: VerifierKey): void {
    const lasts = pin(key);
    this.trust = { key, since: new Date().toISOString(), isNew: true, lasts };
  }

  async #checkOne(event: HistoryEvent, key: VerifierKey): Promise<Verdict> {
    this.verdicts.set(event.position, { kind: "asking" });
    const verdict = await this.#verdict(event, key);
    this.verdicts.set(event.position, verdict);
    return verdict;
  }

  async #verdict(event: HistoryEvent, key: VerifierKey): Promise<Verdict> {
    const path = { position: event.position };
    try {
      const asked = client.GET("/user/events/{position}/proof", { params: { path }, parseAs: "text" });
      const text: unknown = await call(asked); // `call` promises no text, and here it is asked for
      return { kind: "holds", ...(await verify(String(text), key, event)) };
    } catch (error) {
      if (error instanceof Refuted) return { kind: "refuted", fault: error.fault, what: error.what };
      return { kind: "unanswered", why: told(error) };
    }
  }

  /** Each checkpoint against the one before it, from what was seen of old on. */
  async #compare(before: Checkpoint | null, checkpoints: Checkpoint[]): Promise<void> {
    const sorted = checkpoints.sort((one, other) => one.size - other.size);
    const newest = sorted.at(-1);
    if (newest === undefined) return;
    const growth = await growthOf(before, sorted, newest);
    this.growth = growth;
    if (growth.kind === "shrunk" || growth.kind === "rewritten") this.#withdraw(growth);
    else if (growth.kind !== "unlinked") remember(newest);
  }

  /** A proof against a history that was taken back proves nothing. */
  #withdraw({ from, size }: { from: number; size: number }): void {
    for (const [position, verdict] of this.verdicts) {
      if (verdict.kind !== "holds") continue;
      this.verdicts.set(position, { kind: "refuted", fault: "contradicted", what: `${from} / ${size}` });
    }
  }
}

async function growthOf(before: Checkpoint | null, sorted: Checkpoint[], newest: Checkpoint): Promise<Growth> {
  let older = before;
  for (const checkpoint of sorted) {
    if (older !== null && checkpoint.size < older.size) return { kind: "shrunk", from: older.size, size: checkpoint.size };
    try {
      if (older !== null && !(await follows(older, checkpoint))) {
        return { kind: "rewritten", from: older.size, size: checkpoint.size };
      }
    } catch (error) {
      // A RangeError: a tile that the signed tree must have, and has not.
      return { kind: "unlinked", why: error instanceof RangeError ? t.history.log.noTiles : told(error) };
    }
    older = checkpoint;
  }
  if (before === null) return { kind: "first", size: newest.size };
  return before.size === newest.size
    ? { kind: "same", size: newest.size }
    : { kind: "grown", from: before.size, size: newest.size };
}

/** Whether the older tree is the beginning of the newer one, by the tiles of the newer. */
async function follows(older: Checkpoint, newer: Checkpoint): Promise<boolean> {
  if (older.size === newer.size) return same(older.root, newer.root);
  if (older.size === 0) return true;
  const hashes = hashesIn(newer.size, async (path) => (await log.tile(path)) ?? new Uint8Array());
  const [was, is] = await rootsOf(older.size, newer.size, hashes);
  return same(was, older.root) && same(is, newer.root);
}
