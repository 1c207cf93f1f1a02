// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { texts } from "../texts/texts.svelte";

const server = vi.hoisted(() => ({ body: null as unknown, estimateBytes: null as number | null, refusal: null as unknown, signal: null as unknown }));
const lifetime = vi.hoisted(() => ({ leave: (): void => {} }));
const disk = vi.hoisted(() => ({ written: [] as number[], ended: [] as string[], full: false, chosen: true }));

vi.mock("../api/archive", () => ({
  takeOut: async (signal: AbortSignal) => {
    server.signal = signal;
    if (server.refusal !== null) throw server.refusal;
    return { body: server.body, estimateBytes: server.estimateBytes };
  },
}));
vi.mock("../state/session.svelte", () => ({ session: { join: (joined: typeof lifetime) => (lifetime.leave = joined.leave) } }));
vi.mock("./saving", () => ({
  chooseFile: async () => {
    const writable = {
      write: async (piece: Uint8Array) => {
        if (disk.full) throw new DOMException("", "QuotaExceededError");
        disk.written.push(...piece);
      },
      close: async () => void disk.ended.push("closed"),
      abort: async () => void disk.ended.push("aborted"),
    };
    return disk.chosen ? { createWritable: async () => writable } : null;
  },
}));

const { exporting } = await import("./exporting.svelte");
await texts.rest();

let sending: ReadableStreamDefaultController<Uint8Array>;

beforeEach(() => {
  lifetime.leave();
  Object.assign(disk, { written: [], ended: [], full: false, chosen: true });
  Object.assign(server, { estimateBytes: 4, refusal: null });
  server.body = new ReadableStream<Uint8Array>({ start: (controller) => void (sending = controller) });
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

/** Stopping reaches the stream, as it does the one of a request. */
function follow(): void {
  const signal = server.signal as AbortSignal;
  signal.addEventListener("abort", () => sending.error(signal.reason));
}

/** One under way, of which nothing has come yet. */
async function begin(): Promise<{ saved: Promise<void> }> {
  const saved = exporting.start();
  await vi.waitUntil(() => exporting.stage === "running");
  follow();
  return { saved };
}

test("all of it is written, and then the file is put in place", async () => {
  const { saved } = await begin();
  sending.enqueue(Uint8Array.of(1, 2, 3));
  sending.enqueue(Uint8Array.of(4));
  sending.close();
  await saved;
  expect(disk).toMatchObject({ written: [1, 2, 3, 4], ended: ["closed"] });
  expect(exporting).toMatchObject({ stage: "done", gotBytes: 4 });
});

test.each([
  ["is stopped", () => exporting.cancel(), "stopped"],
  ["is cut off", () => sending.error(new TypeError("network")), "failed"],
  ["loses its person", () => lifetime.leave(), "idle"],
])("one that %s leaves no file", async (_, end, stage) => {
  const { saved } = await begin();
  sending.enqueue(Uint8Array.of(1, 2));
  end();
  await saved;
  expect(disk.ended).toEqual(["aborted"]);
  expect(exporting.stage).toBe(stage);
  expect(exporting.problem).toBe(stage === "failed" ? texts.catalogue.problems?.codes.unreachable : null);
});

test("a full disk is told as that, and no more is asked of the server", async () => {
  disk.full = true;
  const { saved } = await begin();
  sending.enqueue(Uint8Array.of(1));
  await saved;
  expect(exporting.problem).toBe(texts.catalogue.account?.export.notWritten);
  expect((server.signal as AbortSignal).aborted).toBe(true);
  expect(disk.ended).toEqual(["aborted"]);
});

test("what the server refuses is told in its sentence", async () => {
  server.refusal = new Problem(429, { code: "already_under_way" });
  await exporting.start();
  expect(exporting).toMatchObject({ stage: "failed", problem: texts.catalogue.problems?.codes.already_under_way });
});

test("nothing is asked for until there is a place for it", async () => {
  disk.chosen = false;
  server.signal = null;
  await exporting.start();
  expect(exporting.stage).toBe("idle");
  expect(server.signal).toBe(null);
});
