/** What this browser keeps until the server has it: messages not acknowledged, uploads under way, recordings.
 *
 * Rows carry the id of the person they belong to. Signing out deletes that person's rows; a session that ended by itself
 * leaves them for the same person to come back to. Nothing here is encrypted: docs/threats.md says so. */

import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { FileKind } from "../api/types";

const NAME = "strongroom";

/** An upload that has not become a file yet. */
export interface UploadRow {
  id: string;
  userId: string;
  chatId: string | null;
  kind: FileKind;
  name: string;
  type: string;
  sizeBytes: number;
  lastModifiedMs: number;
  tusUrl: string | null; // where the server has begun to receive it
  fileId: string | null; // once the server has acknowledged all of it
  paused: boolean;
  addedAt: string;
}

/** The bytes of an upload, so that a reload can go on with it; missing where they were too many to keep twice. */
export interface BytesRow {
  id: string;
  userId: string;
  bytes: Blob;
}

/** A recording that has not been handed over for upload. */
export interface RecordingRow {
  id: string;
  userId: string;
  chatId: string;
  type: string; // media type, with codecs
  startedAt: string;
  durationS: number;
  finished: boolean;
}

export interface SliceRow {
  recordingId: string;
  number: number;
  userId: string;
  bytes: Blob;
}

interface Tables extends DBSchema {
  uploads: { key: string; value: UploadRow; indexes: { userId: string } };
  bytes: { key: string; value: BytesRow; indexes: { userId: string } };
  recordings: { key: string; value: RecordingRow; indexes: { userId: string } };
  slices: { key: [string, number]; value: SliceRow; indexes: { userId: string; recordingId: string } };
}

const PLAIN = ["uploads", "bytes", "recordings"] as const;
let opened: Promise<IDBPDatabase<Tables>> | null = null;

/** The database. Rejects where the browser has none to give (some private windows): callers go on without. */
export function local(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>(NAME, 1, {
    upgrade(database) {
      for (const name of PLAIN) database.createObjectStore(name, { keyPath: "id" }).createIndex("userId", "userId");
      const slices = database.createObjectStore("slices", { keyPath: ["recordingId", "number"] });
      slices.createIndex("userId", "userId");
      slices.createIndex("recordingId", "recordingId");
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: () => (opened = null),
  }).catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** Deletes everything of one person. */
export async function forgetLocally(userId: string): Promise<void> {
  const database = await local();
  const names = [...PLAIN, "slices"] as const;
  const transaction = database.transaction(names, "readwrite");
  for (const name of names) {
    const store = transaction.objectStore(name);
    for (const key of await store.index("userId").getAllKeys(userId)) void store.delete(key as never);
  }
  await transaction.done;
}

/** For tests: begins anew. */
export async function dropLocal(): Promise<void> {
  if (opened !== null) (await opened).close();
  opened = null;
  await deleteDB(NAME);
}
