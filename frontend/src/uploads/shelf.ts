/** Uploads as this browser keeps them, so that they outlive the page. Without a database the page alone holds them. */

import { local, type UploadRow } from "../lib/local";

const KEPT_AT_MOST_BYTES = 256e6; // larger ones are not kept twice: their file is chosen again after a reload
const ANSWERS_FOR_MS = 24 * 3_600_000;
const SPEAKING = ["strongroom.draft.", "strongroom.outbox."]; // of uploads: drafts and unsent messages

async function tried<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch {
    return otherwise;
  }
}

export class Shelf {
  #keeping: Promise<unknown> = Promise.resolve(); // one after the other: each asks what room is left

  rows(userId: string): Promise<UploadRow[]> {
    return tried(async () => (await local()).getAllFromIndex("uploads", "userId", userId), []);
  }

  row(id: string): Promise<UploadRow | undefined> {
    return tried(async () => (await local()).get("uploads", id), undefined);
  }

  bytes(id: string): Promise<Blob | null> {
    return tried(async () => (await (await local()).get("bytes", id))?.bytes ?? null, null);
  }

  /** True once it is kept. `wanted` is asked last of all: what was signed out or cancelled meanwhile must not come back. */
  save(row: UploadRow, wanted: () => boolean): Promise<boolean> {
    return tried(async () => {
      const database = await local();
      if (!wanted()) return false;
      await database.put("uploads", row);
      return true;
    }, false);
  }

  /** True once they are kept; false when they are too many or there is no room. */
  keepBytes(row: UploadRow, bytes: Blob, wanted: () => boolean): Promise<boolean> {
    const keep = async () => {
      if (bytes.size > KEPT_AT_MOST_BYTES || !wanted()) return false;
      const { quota = 0, usage = 0 } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
      if (bytes.size > (quota - usage) / 2) return false;
      const database = await local();
      if (!wanted()) return false;
      await database.put("bytes", { id: row.id, userId: row.userId, bytes });
      return true;
    };
    const kept = this.#keeping.then(() => tried(keep, false));
    this.#keeping = kept;
    return kept;
  }

  async drop(id: string): Promise<void> {
    await tried(async () => {
      const database = await local();
      await Promise.all([database.delete("uploads", id), database.delete("bytes", id)]);
    }, undefined);
  }

  /** The server has it. The bytes and what describes them go; which file it became stays for the message that waits. */
  async acknowledge(row: UploadRow, fileId: string, wanted: () => boolean): Promise<void> {
    await tried(async () => {
      const database = await local();
      if (!wanted()) return;
      const told = { ...row, name: "", type: "", tusUrl: null, fileId };
      await Promise.all([database.put("uploads", told), database.delete("bytes", row.id)]);
    }, undefined);
  }

  /** Forgets acknowledged uploads that no unsent message speaks of any more. */
  async tidy(rows: readonly UploadRow[], nowMs: number): Promise<void> {
    const old = rows.filter(({ fileId, addedAt }) => fileId !== null && nowMs - Date.parse(addedAt) > ANSWERS_FOR_MS);
    if (old.length === 0) return;
    await tried(async () => {
      const speaking = Object.keys(localStorage).filter((key) => SPEAKING.some((prefix) => key.startsWith(prefix)));
      const spokenOf = speaking.map((key) => localStorage.getItem(key) ?? "").join(" ");
      await Promise.all(old.filter(({ id }) => !spokenOf.includes(id)).map(({ id }) => this.drop(id)));
    }, undefined);
  }
}
