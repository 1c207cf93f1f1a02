// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import type { ImportAnswer } from "../api/types";
import { texts } from "../texts/texts.svelte";

const server = vi.hoisted(() => ({
  sends: 0,
  onSent: (_: number): void => {},
  answer: (_: unknown): void => {},
  refuse: (_: unknown): void => {},
}));
const lifetime = vi.hoisted(() => ({ leave: (): void => {} }));
const loaded = vi.hoisted(() => ({ times: 0 }));

vi.mock("../api/archive", async (original) => ({
  looksZipped: (await original<typeof import("../api/archive")>()).looksZipped,
  bringIn: (_: Blob, onSent: (bytes: number) => void, signal: AbortSignal) =>
    new Promise((resolve, reject) => {
      server.sends += 1;
      Object.assign(server, { onSent, answer: resolve, refuse: reject });
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
}));
vi.mock("../state/session.svelte", () => ({
  session: { standing: "in", join: (joined: typeof lifetime) => (lifetime.leave = joined.leave) },
}));
vi.mock("../state/chats.svelte", () => ({ chats: { load: async () => (loaded.times += 1) } }));

const { importing } = await import("./importing.svelte");
await texts.rest();

const ZIP = new File([Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0)], "strongroom.zip");
const CAME: ImportAnswer = { chats: 1, messages: 2, files: 0, skipped: 0, position: 9 };

beforeEach(() => {
  lifetime.leave();
  server.sends = loaded.times = 0;
});

async function begin(file = ZIP): Promise<void> {
  const before = server.sends;
  importing.choose(file);
  await vi.waitUntil(() => server.sends > before);
}

async function settled(): Promise<void> {
  await vi.waitUntil(() => !importing.busy);
}

test("it is sent, taken in, and counted; chats are looked for anew", async () => {
  await begin();
  server.onSent(4);
  expect(importing.stage).toBe("sending");
  server.onSent(8);
  expect(importing.stage).toBe("finishing");
  server.answer(CAME);
  await settled();
  expect(importing).toMatchObject({ stage: "done", result: CAME });
  expect(loaded.times).toBe(1);
});

test("what is no ZIP is not even sent", async () => {
  importing.choose(new File(["GIF89a"], "cat.zip"));
  await settled();
  expect(importing).toMatchObject({ stage: "failed", again: false, problem: texts.catalogue.problems?.codes.bad_export });
  expect(server.sends).toBe(0);
});

test("one that was cut off is sent again, and goes on", async () => {
  await begin();
  server.onSent(4);
  server.refuse(new Problem(0, { code: "unreachable" }));
  await settled();
  expect(importing).toMatchObject({ stage: "failed", again: true, file: ZIP });
  void importing.send();
  await vi.waitUntil(() => server.sends === 2);
  expect(importing).toMatchObject({ stage: "sending", sentBytes: 0, problem: null });
});

test("one that was stopped can go on, too", async () => {
  await begin();
  importing.cancel();
  await settled();
  expect(importing).toMatchObject({ stage: "stopped", again: true, problem: null });
});

test.each(["not_empty", "export_too_new", "bad_export"] as const)("%s is not helped by trying again", async (code) => {
  await begin();
  server.refuse(new Problem(422, { code, detail: "Line 7 is none." }));
  await settled();
  expect(importing).toMatchObject({ stage: "failed", again: false, problem: texts.catalogue.problems?.codes[code] });
  expect(importing.detail).toBe(code === "bad_export" ? "Line 7 is none." : null);
});

test("whoever comes next sees nothing of it", async () => {
  await begin();
  lifetime.leave();
  await settled();
  await Promise.resolve();
  expect(importing).toMatchObject({ stage: "idle", file: null, problem: null });
});
