// @vitest-environment happy-dom
/** The newest first, as many as are asked for, and what happens meanwhile on top. */

import { expect, test, vi } from "vitest";
import type { HistoryEvent } from "../api/types";

const server = vi.hoisted(() => ({ log: [] as unknown[], asked: 0, happen: () => {} }));

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: {
    GET: async (_: string, { params }: { params: { query: { limit: number; cursor?: string } } }) => {
      server.asked += 1;
      const { limit, cursor } = params.query;
      const from = Number(cursor ?? server.log.length);
      const events = server.log.slice(Math.max(0, from - limit), from).reverse();
      return { events, next_cursor: from > limit ? String(from - limit) : null, checkpoint_size: server.log.length };
    },
  },
}));
vi.mock("../state/live.svelte", () => ({
  live: {
    onEvent: (listener: () => void) => {
      server.happen = listener;
      return () => {};
    },
    onRefresh: () => () => {},
  },
}));

const { EventList } = await import("./events.svelte");

const CHAT = "0199c0de-0000-7000-8000-00000000000c";

function event(position: number, more: Partial<HistoryEvent> = {}): HistoryEvent {
  const at = "2026-09-21T14:13:20.000002Z";
  return { position, at, type: "MessageRead", stream: "message", id: `m${position}`, version: 1, schema: 1, key_id: "", sealed_bytes: 0, public: {}, ...more };
}

async function attended(count: number, of: string | null = null, special: Record<number, Partial<HistoryEvent>> = {}) {
  server.log = Array.from({ length: count }, (_, at) => event(at + 1, special[at + 1]));
  server.asked = 0;
  const list = new EventList(of);
  list.attend();
  await vi.waitFor(() => expect(list.loading).toBe(false));
  return list;
}

const positions = (list: InstanceType<typeof EventList>) => list.shown.map(({ position }) => position);

test("a page, and one more, down to the first event", async () => {
  const list = await attended(120);
  expect([positions(list)[0], positions(list).length, list.complete]).toEqual([120, 50, false]);
  list.more();
  await vi.waitFor(() => expect(positions(list).length).toBe(100));
  list.more();
  await vi.waitFor(() => expect(list.complete).toBe(true));
  expect([positions(list).at(-1), positions(list).length, server.asked]).toEqual([1, 120, 3]);
});

test("what is rare is looked for, and what was read for it is not all shown afterwards", async () => {
  const list = await attended(900, null, { 3: { type: "SessionOpened", stream: "session" } });
  list.choose("access");
  await vi.waitFor(() => expect(list.complete).toBe(true));
  expect(positions(list)).toEqual([3]);
  list.choose(null);
  expect(positions(list).length).toBe(50);
});

test("the history of a chat has its messages, and is read until the chat begins", async () => {
  const list = await attended(3_000, CHAT, {
    2500: { id: CHAT, stream: "chat", type: "ChatStarted", version: 1 },
    2600: { type: "MessageSent", id: "words", key_id: `chat-${CHAT}` },
    2601: { id: "words" },
    2700: { type: "MessageSent", key_id: "chat-another" },
  });
  expect(positions(list)).toEqual([2601, 2600, 2500]);
  expect([list.complete, server.asked, list.chatOf.get("words")]).toEqual([true, 1, CHAT]);
});

test("what happens is shown on top, however much it is", async () => {
  const list = await attended(60);
  server.log.push(event(61, { type: "FileDeleted", stream: "file", id: "gone" }));
  server.happen();
  await vi.waitFor(() => expect(positions(list)[0]).toBe(61));
  expect([list.isDeleted("gone"), list.isDeleted("m60"), positions(list).length]).toEqual([true, false, 50]);
  for (let position = 62; position <= 1_500; position += 1) server.log.push(event(position));
  server.happen();
  await vi.waitFor(() => expect(positions(list)[0]).toBe(1_500));
  list.more();
  await vi.waitFor(() => expect(list.loading).toBe(false));
  expect(positions(list)).toEqual(Array.from({ length: 100 }, (_, at) => 1_500 - at));
});
