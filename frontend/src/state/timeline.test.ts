// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Message } from "../api/types";
import { merge } from "./timeline.svelte";

function message(id: string, status: Message["status"] = "sent", at = "2026-01-05T12:00:00.000000Z"): Message {
  return {
    message_id: id, chat_id: "c", role: "user", content_type: "text/plain", content: id, status, error_code: null,
    file_ids: [], created_at: at,
  };
}

test("two stretches that overlap become one, in order", () => {
  const ids = merge([message("a"), message("b")], [message("b"), message("c")]).map(({ message_id }) => message_id);
  expect(ids).toEqual(["a", "b", "c"]);
});

test("a status never goes backwards, whichever copy comes last", () => {
  expect(merge([message("a", "read")], [message("a", "sent")])[0]?.status).toBe("read");
  expect(merge([message("a", "sent")], [message("a", "delivered")])[0]?.status).toBe("delivered");
});

test("what was missed in between is put where it belongs", () => {
  const at = (second: number) => `2026-01-05T12:00:0${second}.000000Z`;
  const mine = [message("m1", "sent", at(1)), message("m3", "sent", at(3))];
  const ids = merge(mine, [message("m2", "sent", at(2)), message("m4", "sent", at(4))]).map(({ message_id }) => message_id);
  expect(ids).toEqual(["m1", "m2", "m3", "m4"]);
});
