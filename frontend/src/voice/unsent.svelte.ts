/** Recordings that were never handed over: what a reload, a crash or a look at another chat left behind.
 *
 * A recording is in somebody's hands while it is being recorded, reviewed or handed over; a lock, which the browser
 * takes away when the page ends, tells the other tabs so. Only what is in nobody's hands counts as unsent. */

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { local, type RecordingRow } from "../lib/local";
import { session } from "../state/session.svelte";
import { toasts } from "../state/toasts.svelte";
import { t } from "../texts/texts.svelte";
import { Keeping } from "./keeping";

const LOCK = "strongroom.recording.";
export const UNDO_MS = 8_000;

export interface Recorded {
  bytes: Blob;
  row: RecordingRow;
}

export class Unsent {
  /** A discarded recording that the person has just taken back: worth opening at once. */
  broughtBack = $state<string | null>(null);
  #rows = new SvelteMap<string, RecordingRow>();
  #inHand = new SvelteSet<string>(); // on this page
  #keepings = new Map<string, Keeping>();
  #letGo = new Map<string, () => void>();
  #locked = new Set<string>(); // by this page: a lock outlives the letting go by a moment
  #userId: string | null = null;
  #tabs = new BroadcastChannel("strongroom.recordings");

  constructor() {
    session.join({
      enter: ({ id }) => {
        this.#userId = id;
        void this.look();
      },
      leave: (gone) => this.#leave(gone),
    });
    this.#tabs.onmessage = () => void this.look();
  }

  /** Those of a chat, oldest first. Reactive. */
  of(chatId: string): RecordingRow[] {
    return [...this.#rows.values()]
      .filter((row) => row.chatId === chatId && row.durationS > 0 && !this.#inHand.has(row.id))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Finds what lies in the browser's store. */
  async look(): Promise<void> {
    const userId = this.#userId;
    if (userId === null) return;
    const ours = new Set(this.#locked);
    const taken = await lockedIds();
    const found = await stored(userId).catch(() => []); // without a store there is what this page holds
    if (this.#userId !== userId) return;
    const rows = new Map(found.map((row) => [row.id, row]));
    for (const { row } of this.#keepings.values()) if (row.userId === userId) rows.set(row.id, row);
    for (const id of taken) if (!ours.has(id) && !this.#inHand.has(id)) rows.delete(id);
    for (const id of this.#rows.keys()) if (!rows.has(id)) this.#rows.delete(id);
    for (const row of rows.values()) this.#rows.set(row.id, row);
  }

  /** A new one, in hand. */
  begin(row: RecordingRow): Keeping {
    const keeping = Keeping.begin(row);
    this.#keepings.set(row.id, keeping);
    this.#rows.set(row.id, row);
    this.pickUp(row.id);
    return keeping;
  }

  /** Its bytes, as far as they were recorded; null when there are none. */
  async read(id: string): Promise<Recorded | null> {
    const row = await this.#row(id);
    if (row === undefined) return null;
    const keeping = this.#keepings.get(id) ?? Keeping.found(row);
    const bytes = await keeping.blob();
    return bytes.size === 0 ? null : { bytes, row: keeping.row };
  }

  pickUp(id: string): void {
    if (this.broughtBack === id) this.broughtBack = null;
    if (this.#inHand.has(id)) return;
    this.#inHand.add(id);
    this.#locked.add(id);
    const tell = () => this.#tabs.postMessage(null);
    const free = () => {
      this.#locked.delete(id);
      tell();
    };
    this.#letGo.set(id, hold(LOCK + id, tell, free));
  }

  /** Leaves it for later. */
  putDown(id: string): void {
    if (!this.#inHand.delete(id)) return;
    const row = this.#keepings.get(id)?.row;
    if (row !== undefined) this.#rows.set(id, row);
    this.#letGo.get(id)?.();
    this.#letGo.delete(id);
  }

  /** Takes it away for good. */
  async discard(id: string): Promise<void> {
    const row = this.#rows.get(id) ?? this.#keepings.get(id)?.row;
    const keeping = this.#keepings.get(id) ?? (row === undefined ? undefined : Keeping.found(row));
    await keeping?.drop();
    this.#keepings.delete(id);
    this.#rows.delete(id);
    this.putDown(id);
  }

  /** Takes it away, unless the person takes that back within a few seconds. */
  discardUnlessUndone(id: string): void {
    const timer = setTimeout(() => void this.discard(id), UNDO_MS);
    const undo = () => {
      clearTimeout(timer);
      this.broughtBack = id;
      this.putDown(id);
    };
    toasts.show(t.voice.discarded, { label: t.common.undo, run: undo }, UNDO_MS);
  }

  /** A chat that was begun here has got its real id. */
  moveChat(was: string, is: string): void {
    for (const row of this.#rows.values()) {
      if (row.chatId !== was) continue;
      const keeping = this.#keepings.get(row.id) ?? Keeping.found(row);
      this.#keepings.set(row.id, keeping);
      keeping.moveTo(is);
      this.#rows.set(row.id, keeping.row);
    }
  }

  async #row(id: string): Promise<RecordingRow | undefined> {
    const known = this.#keepings.get(id)?.row ?? this.#rows.get(id);
    if (known !== undefined) return known;
    const row = await (await local()).get("recordings", id);
    return row?.userId === this.#userId ? row : undefined;
  }

  #leave(gone: boolean): void {
    this.#userId = null;
    this.#rows.clear();
    if (!gone) return;
    for (const keeping of this.#keepings.values()) keeping.abandon();
    this.#keepings.clear();
    for (const id of [...this.#inHand]) this.putDown(id);
    this.broughtBack = null;
  }
}

async function stored(userId: string): Promise<RecordingRow[]> {
  return (await local()).getAllFromIndex("recordings", "userId", userId);
}

/** Holds a lock until the function it gives is called, or the page ends. */
function hold(name: string, taken: () => void, free: () => void): () => void {
  let letGo = () => {};
  const until = new Promise<void>((resolve) => (letGo = resolve));
  const held = async () => {
    taken();
    await until;
  };
  navigator.locks?.request(name, held).then(free, free);
  return letGo;
}

/** What any tab has in its hands. */
async function lockedIds(): Promise<Set<string>> {
  const names = (await navigator.locks?.query())?.held?.map(({ name }) => name ?? "") ?? [];
  return new Set(names.filter((name) => name.startsWith(LOCK)).map((name) => name.slice(LOCK.length)));
}

export const unsent = new Unsent();

/** The upload holds the bytes: the recording need not stay here. */
export function handedOver(recordingId: string): Promise<void> {
  return unsent.discard(recordingId);
}
