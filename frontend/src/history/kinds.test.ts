// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { HistoryEvent } from "../api/types";
import { fits, GROUPS, hasReceipt } from "./kinds";

function of(type: string, stream: string): HistoryEvent {
  return { position: 1, at: "2026-11-23T12:00:00Z", type, stream, id: "", version: 1, schema: 1, key_id: "", sealed_bytes: 0, public: {} };
}

test.each([
  ["MessageSent", "message", ["chats"]],
  ["FileStored", "file", ["files"]],
  ["SessionOpened", "session", ["access"]],
  ["ApiTokenUsed", "token", ["access"]],
  ["DataExported", "export", ["access"]],
  ["TotpEnabled", "account", ["access"]],
  ["AccountErased", "account", ["access"]],
  ["ChatDeleted", "chat", ["chats", "access"]],
  ["FileErased", "file", ["files", "access"]],
])("%s of a %s is found under %j", (type, stream, groups) => {
  expect(GROUPS.filter((group) => fits(of(type, stream), group))).toEqual(groups);
});

test("what was deleted has a receipt, from the moment when it was asked for", () => {
  const types = ["ErasureRequested", "AccountErased", "ChatDeleted", "ChatErased", "FileDeleted", "FileErased"];
  expect(types.filter((type) => !hasReceipt({ type }))).toEqual([]);
  expect(["FileFailed", "ApiTokenRevoked", "SessionClosed", "FileStored"].filter((type) => hasReceipt({ type }))).toEqual([]);
});
