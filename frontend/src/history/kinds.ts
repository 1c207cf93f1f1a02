/** What sort of thing an event is, for its icon and for choosing. */

import type { HistoryEvent } from "../api/types";
import { addressOf } from "../lib/router.svelte";
import { hrefOf } from "./place";

export const GROUPS = ["chats", "files", "access"] as const;
export type Group = (typeof GROUPS)[number];

/** `access`: of the account, of who came in, of what was taken out. */
export function groupOf({ stream }: HistoryEvent): Group {
  return stream === "file" ? "files" : stream === "chat" || stream === "message" ? "chats" : "access";
}

/** Whether one who looks for a sort looks for this, too: what was deleted belongs to who had access, and to its own sort. */
export function fits(event: HistoryEvent, group: Group): boolean {
  return groupOf(event) === group || (group === "access" && hasReceipt(event));
}

/** Whether the log signs a receipt of it: of what was deleted, once nothing of it is left. */
export function hasReceipt({ type }: Pick<HistoryEvent, "type">): boolean {
  return /(Deleted|Erased|ErasureRequested)$/.test(type);
}

/** What was destroyed for good, or did not work. */
export function isLoss({ type }: HistoryEvent): boolean {
  return /(Deleted|Failed|Erased|ErasureRequested)$/.test(type);
}

/** The chat of an event, where the log tells it: messages are sealed under the key of their chat. `chatOf`: of messages. */
export function chatIdOf(event: HistoryEvent, chatOf: ReadonlyMap<string, string>): string | null {
  if (event.stream === "chat") return event.id;
  return event.stream === "message" ? (chatOf.get(event.id) ?? null) : null;
}

/** Where one sees it today. */
export function todayHref(event: HistoryEvent, chatId: string | null): string | null {
  if (event.stream === "file") return addressOf({ view: "files", fileId: event.id });
  if (chatId === null) return null;
  const at = event.type === "MessageSent" ? `${event.at}~${event.id}` : null;
  return addressOf({ view: "chat", chatId, at });
}

/** Where one sees how it was right after it had happened. */
export function thenHref({ at, stream }: HistoryEvent, chatId: string | null): string {
  return hrefOf({ kind: "then", at, shelf: stream === "file" ? "files" : "chats", chatId });
}
