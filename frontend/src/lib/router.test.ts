// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { addressOf, parseRoute, type Route } from "./router.svelte";

const ID = "0199d5b0-7c1e-7000-8000-0123456789ab";

test.each<Route>([
  { view: "chat", chatId: null, at: null },
  { view: "chat", chatId: "new", at: null },
  { view: "chat", chatId: ID, at: null },
  { view: "chat", chatId: ID, at: "2026-01-31T09:30:00.000000Z" },
  { view: "chat", chatId: ID, at: `2026-01-31T09:30:00.000000Z~${ID}` },
  { view: "files", fileId: null },
  { view: "files", fileId: ID },
  { view: "history", path: "" },
  { view: "history", path: `/of/${ID}` },
  { view: "account" },
])("%j comes back from its address", (route) => {
  expect(parseRoute(addressOf(route))).toEqual(route);
});

test.each(["", "#", "#/nowhere", "#/chats/not-an-id", "#/chats/../../etc", "#javascript:alert(1)"])("%j is the chats", (hash) => {
  expect(parseRoute(hash)).toEqual({ view: "chat", chatId: null, at: null });
});
