import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LiveEvent } from "../api/events";
import type { StoredFile } from "../api/types";

/** A server's answers to GET /user/data, over `stored`, oldest first. */
const server = vi.hoisted(() => ({
  stored: [] as { file_id: string; name: string; size_bytes: number; mime_type: string; chat_id: string | null }[],
  asked: [] as Record<string, unknown>[],
  failing: false,
  pageSize: 3,
}));
const heard = vi.hoisted(() => ({
  event: (_: unknown): void => {},
  refresh: (): void => {},
  gone: (_: string): void => {},
}));

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: {
    GET: async (_: string, { params: { query } }: { params: { query: Record<string, string> } }) => {
      server.asked.push(query);
      if (server.failing) throw new Error("the network");
      const all = server.stored.filter(
        (file) => file.mime_type.startsWith(query.mime ?? "") && (query.chat_id ?? file.chat_id) === file.chat_id,
      );
      const ordered = query.order === "desc" ? all.toReversed() : all;
      const from = query.cursor === undefined ? 0 : ordered.findIndex((file) => file.file_id === query.cursor) + 1;
      const files = ordered.slice(from, from + server.pageSize);
      return { files, next_cursor: from + server.pageSize < ordered.length ? files.at(-1)?.file_id : null };
    },
  },
}));
vi.mock("../state/deletions.svelte", () => ({ deletions: { hides: () => false } }));
vi.mock("../state/files.svelte", () => ({
  files: { put: () => {}, onGone: (listener: typeof heard.gone) => ((heard.gone = listener), () => {}) },
}));
vi.mock("../state/live.svelte", () => ({
  live: {
    onEvent: (listener: (event: LiveEvent) => void) => ((heard.event = listener as typeof heard.event), () => {}),
    onRefresh: (listener: () => void) => ((heard.refresh = listener), () => {}),
  },
}));

const { EVERYTHING, FileList } = await import("./list.svelte");

function store(id: string, row: Partial<StoredFile> = {}): void {
  const given = { name: `${id}.txt`, size_bytes: 1, mime_type: "text/plain", chat_id: null, kind: "file", audio: null };
  server.stored.push({ file_id: id, ...given, ...row } as (typeof server.stored)[number]);
}

function uploaded(id: string, chat_id: string | null = null): void {
  heard.event({ type: "FileUploaded", data: { file_id: id, status: "processing", chat_id } });
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  flushSync();
}

async function listOf(query: Partial<typeof EVERYTHING> = {}) {
  const list = new FileList();
  list.attend();
  list.ask({ ...EVERYTHING, ...query });
  await settled();
  return list;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => {});
  Object.assign(server, { stored: [], asked: [], failing: false, pageSize: 3 });
  for (let number = 1; number <= 7; number += 1) store(`f${number}`);
});
afterEach(() => void vi.useRealTimers());

test("pages follow each other without a gap or a repeat", async () => {
  const list = await listOf();
  expect(list.ids).toEqual(["f7", "f6", "f5"]);
  await list.more();
  await list.more();
  expect(list.ids).toEqual(["f7", "f6", "f5", "f4", "f3", "f2", "f1"]);
  expect(list.complete).toBe(true);
});

test("a page that fails says why, keeps what is there, and can be asked for again", async () => {
  const list = await listOf();
  server.failing = true;
  await list.more();
  expect(list.problem).not.toBeNull();
  expect(list.ids).toEqual(["f7", "f6", "f5"]);
  server.failing = false;
  await list.more();
  expect(list.problem).toBeNull();
  expect(list.ids).toHaveLength(6);
});

test("a new file comes on top, once, however many events tell of it", async () => {
  const list = await listOf();
  store("f8");
  uploaded("f8");
  uploaded("f8");
  await settled();
  expect(list.ids).toEqual(["f8", "f7", "f6", "f5"]);
  expect(server.asked).toHaveLength(2);
});

test("more new files than a page come without a gap", async () => {
  const list = await listOf();
  for (let number = 8; number <= 15; number += 1) store(`f${number}`);
  heard.refresh();
  await settled();
  expect(list.ids).toEqual(["f15", "f14", "f13", "f12", "f11", "f10", "f9", "f8", "f7", "f6", "f5"]);
  await list.more();
  expect(list.ids.slice(-4)).toEqual(["f5", "f4", "f3", "f2"]);
});

test("more than can be caught up with begin the list anew", async () => {
  const list = await listOf();
  for (let number = 8; number <= 80; number += 1) store(`f${number}`);
  heard.refresh();
  await settled();
  expect(list.ids).toHaveLength(30);
  expect(list.complete).toBe(false);
  await list.more();
  expect(list.ids.at(-1)).toBe("f48");
});

test("a file that went while nobody listened is gone after a refresh", async () => {
  const list = await listOf();
  server.stored = server.stored.filter(({ file_id }) => file_id !== "f6");
  heard.refresh();
  await settled();
  expect(list.ids).toEqual(["f7", "f5", "f4"]);
});

test("a deleted file leaves the list", async () => {
  const list = await listOf();
  heard.gone("f6");
  expect(list.ids).toEqual(["f7", "f5"]);
});

test("what arrives while the first page is under way is not missed", async () => {
  const list = new FileList();
  list.attend();
  list.ask(EVERYTHING);
  queueMicrotask(() => store("f8"));
  heard.refresh();
  await settled();
  expect(list.ids[0]).toBe("f8");
});

test("the oldest come first, and a new file last once all are there", async () => {
  const list = await listOf({ order: "oldest" });
  store("f8");
  uploaded("f8");
  await settled();
  expect(list.ids).toEqual(["f1", "f2", "f3"]);
  await list.more();
  await list.more();
  expect(list.ids.at(-1)).toBe("f8");
  store("f9");
  uploaded("f9");
  await settled();
  expect(list.ids.slice(-2)).toEqual(["f8", "f9"]);
});

test("sorting by name or size is over all files, not over what happened to be loaded", async () => {
  store("big", { size_bytes: 9, name: "a10.txt" });
  store("a2", { size_bytes: 5, name: "a2.txt" });
  server.stored.reverse();
  const list = await listOf({ order: "name" });
  expect(list.ids.slice(0, 2)).toEqual(["a2", "big"]);
  list.ask({ ...EVERYTHING, order: "size" });
  await settled();
  expect(list.ids.slice(0, 2)).toEqual(["big", "a2"]);
  expect(list.complete).toBe(true);
});

test("equal names are different files", async () => {
  server.stored = [];
  store("one", { name: "same.txt" });
  store("two", { name: "same.txt" });
  const list = await listOf({ order: "name" });
  expect(list.ids.toSorted()).toEqual(["one", "two"]);
});

test("the server filters what it can, and the page the rest", async () => {
  store("p", { mime_type: "image/png" });
  store("z", { mime_type: "application/zip" });
  expect((await listOf({ category: "pictures" })).ids).toEqual(["p"]);
  expect(server.asked.at(-1)).toMatchObject({ mime: "image/" });
  const list = await listOf({ category: "documents" });
  await list.more();
  await list.more();
  expect(list.ids).not.toContain("z");
  expect(list.ids).toHaveLength(7);
});

test("an answer to an earlier question is dropped", async () => {
  const list = await listOf();
  list.ask({ ...EVERYTHING, order: "oldest" });
  list.ask({ ...EVERYTHING, category: "pictures" });
  await settled();
  expect(list.ids).toEqual([]);
});

test("a file for another chat does not make the list of a chat ask again", async () => {
  await listOf({ chatId: "mine" });
  uploaded("f9", "another");
  await settled();
  expect(server.asked).toHaveLength(1);
});
