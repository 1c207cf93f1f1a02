/** Messages → the rows of the list: days between them, and what stands close together because it belongs together. */

import type { Message } from "../api/types";
import { dayKey } from "../lib/format";
import type { OutboxRow } from "../lib/unsentRows";

const TOGETHER_MS = 5 * 60_000;

export type Row =
  | { kind: "day"; id: string; at: string }
  | { kind: "message"; id: string; message: Message; follows: boolean }
  | { kind: "unsent"; id: string; unsent: OutboxRow; follows: boolean };

type Spoken = { role: Message["role"]; at: string };

/** Two in a row by the same side within some minutes belong together. */
function follows(before: Spoken | null, now: Spoken): boolean {
  return (
    before !== null && before.role === now.role && new Date(now.at).getTime() - new Date(before.at).getTime() < TOGETHER_MS
  );
}

export function rowsOf(messages: readonly Message[], unsent: readonly OutboxRow[]): Row[] {
  const rows: Row[] = [];
  let before: Spoken | null = null;
  let today = "";

  function enter(now: Spoken): boolean {
    const key = dayKey(now.at);
    if (key !== today) {
      rows.push({ kind: "day", id: `day ${key}`, at: now.at });
      today = key;
      before = null;
    }
    const close = follows(before, now);
    before = now;
    return close;
  }

  const known = new Set<string>();
  for (const message of messages) {
    known.add(message.message_id);
    const close = enter({ role: message.role, at: message.created_at });
    rows.push({ kind: "message", id: message.message_id, message, follows: close });
  }
  for (const row of unsent) {
    if (known.has(row.id)) continue; // heard of by the stream before its own answer came
    const close = enter({ role: "user", at: row.createdAt });
    rows.push({ kind: "unsent", id: row.id, unsent: row, follows: close });
  }
  return rows;
}
