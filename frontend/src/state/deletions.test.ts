// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { texts } from "../texts/texts.svelte";

const server = vi.hoisted(() => ({
  deleted: [] as string[],
  keepalive: [] as (boolean | undefined)[],
  refusal: null as null | (() => Error),
  asked: 0,
  wait: async (): Promise<void> => {},
}));
const dropped = vi.hoisted(() => [] as string[]);
const lifetime = vi.hoisted(() => ({ leave: (_: boolean): void => {} }));

type Sent = { params: { path: Record<string, string> }; keepalive?: boolean };

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: {
    DELETE: async (_: string, { params, keepalive }: Sent) => {
      server.asked += 1;
      await server.wait();
      if (server.refusal !== null) throw server.refusal();
      server.deleted.push(...Object.values(params.path));
      server.keepalive.push(keepalive);
    },
  },
}));
vi.mock("./files.svelte", () => ({ files: { drop: (id: string) => dropped.push(id) } }));
vi.mock("./session.svelte", () => ({ session: { join: (joined: typeof lifetime) => (lifetime.leave = joined.leave) } }));

const { deletions, UNDO_MS } = await import("./deletions.svelte");
const { toasts } = await import("./toasts.svelte");
await texts.rest(); // the sentences of problems are in it

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(server, { deleted: [], keepalive: [], refusal: null, asked: 0, wait: async () => {} });
  dropped.length = 0;
});
afterEach(() => {
  lifetime.leave(true);
  toasts.all = [];
  vi.useRealTimers();
});

const pass = () => vi.advanceTimersByTimeAsync(UNDO_MS);
const press = (label: string) => toasts.all.find(({ action }) => action?.label === label)?.action?.run();

test("what is asked to go disappears at once, and is deleted when nobody takes it back", async () => {
  deletions.ask("a file");
  expect(deletions.hides("a file", null)).toBe(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(server.deleted).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(server.deleted).toEqual(["a file"]);
  expect(dropped).toEqual(["a file"]);
  expect(deletions.hides("a file", null)).toBe(true);
});

test("undo brings it back, and nothing is ever sent", async () => {
  deletions.ask("a file");
  press("Undo");
  expect(deletions.pending.size).toBe(0);
  await pass();
  expect(server.deleted).toEqual([]);
});

test("nothing goes while somebody is at the note, and may be about to undo it", async () => {
  let there = true;
  toasts.held = () => there;
  deletions.ask("a file");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.deleted).toEqual([]);
  expect(toasts.all).toHaveLength(1);
  there = false;
  await pass();
  expect(server.deleted).toEqual(["a file"]);
  expect(toasts.all).toEqual([]);
});

test("several share one note, and one undo", async () => {
  deletions.ask("one");
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  deletions.ask("two");
  deletions.ask("two");
  expect(toasts.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  press("Undo");
  expect(deletions.pending.size).toBe(0);
  await pass();
  expect(server.deleted).toEqual([]);
});

test("a chat hides its files with it", async () => {
  deletions.ask({ chatId: "a chat" });
  expect(deletions.hides("a file", "a chat")).toBe(true);
  expect(deletions.hides("a file", "another")).toBe(false);
  await pass();
  expect(server.deleted).toEqual(["a chat"]);
  expect(dropped).toEqual([]);
});

test("a page that goes away sends what waits, so that it outlives the page", async () => {
  deletions.ask("a file");
  dispatchEvent(new Event("pagehide"));
  await vi.advanceTimersByTimeAsync(0);
  expect(server).toMatchObject({ deleted: ["a file"], keepalive: [true] });
  await pass();
  expect(server.deleted).toEqual(["a file"]);
});

test("what could not be deleted is there again, with the reason, and can be tried again", async () => {
  server.refusal = () => new Problem(503, { code: "busy" });
  deletions.ask("a file");
  await pass();
  expect(deletions.pending.size).toBe(0);
  expect(toasts.all.at(-1)?.text).toContain("too much to do");
  server.refusal = null;
  press("Retry");
  await pass();
  expect(server.deleted).toEqual(["a file"]);
});

test("what was gone already counts as deleted", async () => {
  server.refusal = () => new Problem(404, { code: "not_found" });
  deletions.ask("a file");
  await pass();
  expect(deletions.pending.has("a file")).toBe(true);
  expect(dropped).toEqual(["a file"]);
});

test("nothing is deleted in the name of whoever comes next", async () => {
  deletions.ask("a file");
  lifetime.leave(true);
  await pass();
  expect(server.deleted).toEqual([]);
  expect(toasts.all).toEqual([]);
});

test("what a session that ended has kept from being deleted is said", async () => {
  deletions.ask("one");
  deletions.ask("two");
  lifetime.leave(false);
  expect(toasts.all).toHaveLength(1);
  expect(toasts.all[0]?.text).toContain("2 were not deleted");
  await pass();
  expect(server.deleted).toEqual([]);
});

test("of many only a few are on their way at once, and none of them after the person has left", async () => {
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  server.wait = () => answered;
  for (let file = 0; file < 9; file += 1) deletions.ask(`file ${file}`);
  await pass();
  expect(server.asked).toBe(4);
  lifetime.leave(false);
  expect(toasts.all.at(-1)?.text).toContain("9 were not deleted");
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(server.asked).toBe(4);
});
