import { expect, test } from "vitest";
import type { Message } from "../api/types";
import type { OutboxRow } from "../lib/unsentRows";
import { rowsOf } from "./rows";

function message(id: string, at: string, role: Message["role"] = "user"): Message {
  return {
    message_id: id, chat_id: "c", role, content_type: "text/plain", content: id, status: "sent", error_code: null,
    file_ids: [], created_at: at,
  };
}

function unsent(id: string, at: string): OutboxRow {
  return {
    id, userId: "u", chatId: "c", newChat: false, content: id, contentType: "text/plain", fileIds: [], uploadIds: [], createdAt: at,
    failed: null,
  };
}

test("days stand between messages of different days", () => {
  const rows = rowsOf([message("a", "2026-01-05T12:00:00Z"), message("b", "2026-01-07T12:00:00Z")], []);
  expect(rows.map(({ kind }) => kind)).toEqual(["day", "message", "day", "message"]);
});

test("what one side says within minutes belongs together; the other side's answer does not", () => {
  const rows = rowsOf(
    [
      message("a", "2026-01-05T12:00:00Z"),
      message("b", "2026-01-05T12:01:00Z"),
      message("c", "2026-01-05T12:02:00Z", "assistant"),
      message("d", "2026-01-05T12:30:00Z", "assistant"),
    ],
    [],
  );
  expect(rows.flatMap((row) => (row.kind === "day" ? [] : [row.follows]))).toEqual([false, true, false, false]);
});

test("a message that is here already is not shown a second time as unsent", () => {
  const rows = rowsOf([message("a", "2026-01-05T12:00:00Z")], [unsent("a", "2026-01-05T12:00:00Z"), unsent("b", "2026-01-05T12:00:01Z")]);
  expect(rows.map(({ id }) => id).filter((id) => !id.startsWith("day"))).toEqual(["a", "b"]);
});

test("ids are unique, so that the list can keep its rows", () => {
  const rows = rowsOf([message("a", "2026-01-05T12:00:00Z"), message("b", "2026-01-06T12:00:00Z")], []);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});
