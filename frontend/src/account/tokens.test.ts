// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import type { Token } from "../api/types";
import { Problem } from "../api/problem";

const server = vi.hoisted(() => ({ tokens: [] as unknown[], asked: 0, revoke: async (): Promise<void> => {} }));
const heard = vi.hoisted(() => ({ event: (_: { type: string }): void => {} }));

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: {
    GET: async () => {
      server.asked += 1;
      return { tokens: server.tokens };
    },
    DELETE: () => server.revoke(),
  },
}));
vi.mock("../state/live.svelte", () => ({
  live: { onEvent: (listener: typeof heard.event) => ((heard.event = listener), () => {}), onRefresh: () => () => {} },
}));

const { TokenList, isolated, kindOf } = await import("./tokens.svelte");

function token(id: string): Token {
  return { id, name: id, scopes: ["read"], chat_ids: null, created_at: "", expires_at: "", last_used_at: null };
}

beforeEach(() => Object.assign(server, { tokens: [token("old"), token("new")], asked: 0, revoke: async () => {} }));

test("the newest stands first, and what happens to one is looked up", async () => {
  const list = new TokenList();
  list.watch();
  await vi.waitUntil(() => list.rows !== null);
  expect(list.rows?.map(({ id }) => id)).toEqual(["new", "old"]);
  heard.event({ type: "ApiTokenUsed" });
  heard.event({ type: "MessageSent" });
  expect(server.asked).toBe(2);
});

test("one that is revoked leaves the list, also if it was gone already; one that is not stays", async () => {
  const list = new TokenList();
  await list.load();
  server.revoke = async () => Promise.reject(new Problem(404, { code: "not_found" }));
  await list.revoke("new");
  expect(list.rows?.map(({ id }) => id)).toEqual(["old"]);
  server.revoke = async () => Promise.reject(new Problem(0, { code: "unreachable" }));
  await expect(list.revoke("old")).rejects.toBeInstanceOf(Problem);
  expect(list.rows?.map(({ id }) => id)).toEqual(["old"]);
});

test("what it may is told by its scopes, in any order", () => {
  expect(kindOf(["write", "read"])).toBe("read_write");
  expect(kindOf(["write"])).toBe("write");
});

test("a title neither turns the words around it nor fills the line", () => {
  expect(isolated("قائمة")).toBe("\u2068قائمة\u2069");
  expect(isolated("x".repeat(200))).toBe(`\u2068${"x".repeat(32)}…\u2069`);
});
