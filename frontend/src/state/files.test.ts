import { beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import type { StoredFile } from "../api/types";

interface Asked {
  id: string;
  answer: (row: Partial<StoredFile>) => void;
  refuse: (status: number) => void;
}
const asked = vi.hoisted(() => [] as Asked[]);
const lifetime = vi.hoisted(() => ({ leave: (_: boolean): void => {} }));

vi.mock("../api/client", () => ({
  call: async (answer: Promise<unknown>) => answer,
  client: {
    GET: (_: string, { params }: { params: { path: { file_id: string } } }) =>
      new Promise((resolve, reject) => {
        const id = params.path.file_id;
        asked.push({
          id,
          answer: (row) => resolve({ file_id: id, ...row }),
          refuse: (status) => reject(new Problem(status, { code: "refused" })),
        });
      }),
  },
}));
vi.mock("./live.svelte", () => ({ live: { onEvent: () => {}, onProgress: () => {}, onRefresh: () => {} } }));
vi.mock("./session.svelte", () => ({ session: { join: (joined: typeof lifetime) => (lifetime.leave = joined.leave) } }));

const { files } = await import("./files.svelte");

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const latest = () => asked.at(-1) as Asked;
const row = (file_id: string, status: StoredFile["status"] = "ready") => ({ file_id, status }) as StoredFile;

beforeEach(() => {
  vi.useFakeTimers();
  lifetime.leave(true);
  asked.length = 0;
});

test("an answer that was for one person does not reach the next", async () => {
  files.row("f");
  await pass();
  const [ofAda] = asked;
  lifetime.leave(false);
  expect(files.row("f")).toBeUndefined();
  await pass();
  expect(asked).toHaveLength(2);
  latest().answer({ name: "Bob's" });
  ofAda?.answer({ name: "Ada's" });
  await pass();
  expect(files.row("f")?.name).toBe("Bob's");
  files.row("g");
  await pass();
  const ofBob = latest();
  lifetime.leave(true);
  ofBob.refuse(404);
  await pass();
  expect(files.row("g")).toBeUndefined();
});

test("a refusal that passes is asked again, and only while the person is here", async () => {
  files.row("f");
  await pass();
  latest().refuse(503);
  await pass(5_000);
  expect(asked).toHaveLength(2);
  latest().refuse(0);
  await pass();
  lifetime.leave(false);
  await pass(60_000);
  expect(asked).toHaveLength(2);
});

test("one that does not pass is not asked for over and over", async () => {
  files.row("f");
  await pass();
  latest().refuse(500);
  await pass(60_000);
  expect(asked).toHaveLength(1);
});

test("a file that is not there is gone", async () => {
  files.row("f");
  await pass();
  latest().refuse(404);
  await pass();
  expect(files.row("f")).toBeNull();
});

test("of very many rows the oldest are let go, but none that is being processed", async () => {
  files.put([row("working", "processing"), row("first"), row("second")]);
  files.put(Array.from({ length: 4_999 }, (_, index) => row(`f${index}`)));
  await pass();
  expect(files.row("working")).toMatchObject({ status: "processing" });
  expect(files.row("f0")).toBeDefined();
  expect(files.row("first")).toBeUndefined();
});
