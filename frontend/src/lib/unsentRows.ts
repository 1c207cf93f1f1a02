/** Messages that the server has not acknowledged, in localStorage: written at once, so that no crash comes between, and
 * told to the other tabs by the browser. */

const PREFIX = "strongroom.outbox.";

/** A message that the server has not acknowledged. */
export interface OutboxRow {
  id: string; // its message_id: sending it twice stores it once
  userId: string;
  chatId: string; // of a chat that is not there yet: what this browser calls it until then
  newChat: boolean;
  content: string;
  contentType: string;
  fileIds: string[]; // files that are there
  uploadIds: string[]; // files that must have arrived before it goes
  createdAt: string;
  failed: string | null; // the sentence that says why, when it waits for the person to retry
}

/** False where the browser has no room for it: then only the page holds it. */
export function keepRow(row: OutboxRow): boolean {
  try {
    localStorage.setItem(keyOf(row), JSON.stringify(row));
    return true;
  } catch {
    return false;
  }
}

export function dropRow(row: Pick<OutboxRow, "userId" | "id">): void {
  try {
    localStorage.removeItem(keyOf(row));
  } catch {
    // It was never kept.
  }
}

/** Those of one person, in the order in which they were written. */
export function keptRows(userId: string): OutboxRow[] {
  try {
    return Object.keys(localStorage)
      .flatMap((key) => (idIn(key, userId) === null ? [] : (readRow(localStorage.getItem(key)) ?? [])))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  } catch {
    return [];
  }
}

/** The id of the message that a key of localStorage holds, if it is this person's. */
export function idIn(key: string | null, userId: string): string | null {
  const prefix = `${PREFIX}${userId}.`;
  return key?.startsWith(prefix) ? key.slice(prefix.length) : null;
}

export function readRow(value: string | null): OutboxRow | null {
  try {
    return JSON.parse(value ?? "null") as OutboxRow | null; // written by this file only
  } catch {
    return null;
  }
}

function keyOf({ userId, id }: Pick<OutboxRow, "userId" | "id">): string {
  return `${PREFIX}${userId}.${id}`;
}
