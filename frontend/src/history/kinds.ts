/** What sort of thing an event is, for its icon and for choosing. */

import type { HistoryEvent } from "../api/types";
import { addressOf } from "../lib/router.svelte";
import { hrefOf } from "./place";

export const GROUPS = ["chats", "files", "access"] as const;
export type Group = (typeof GROUPS)[number];

/** `access`: of the account and of who came in. */
export function groupOf({ stream }: HistoryEvent): Group {
  return stream === "file" ? "files" : stream === "chat" || stream === "message" ? "chats" : "access";
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
