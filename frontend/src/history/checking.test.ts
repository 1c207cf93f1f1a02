// @vitest-environment happy-dom
/** What this browser notices of a log that is not what it was: against a little log with a key of its own. */

import { beforeEach, expect, test, vi } from "vitest";
import type { Bytes } from "../api/log";
import { Problem } from "../api/problem";
import type { HistoryEvent } from "../api/types";
import { Checking } from "./checking.svelte";
import { remember, seen } from "./memory";
import { hex, parseCheckpoint } from "./proof";
import { leafHash, nodeHash, sha256 } from "./tree";

const server = vi.hoisted(() => ({
  key: null as string | null,
  proof: async (_: number): Promise<string> => "",
  tile: async (_: string): Promise<unknown> => null,
}));

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: { GET: (_: string, { params }: { params: { path: { position: number } } }) => server.proof(params.path.position) },
}));
vi.mock("../api/log", () => ({ log: { key: async () => server.key, tile: (path: string) => server.tile(path) } }));
vi.mock("../texts/texts.svelte", async () => {
  const [{ common }, { history }, { problems }] = await Promise.all([
    import("../texts/en/common"),
    import("../texts/en/history"),
    import("../texts/en/problems"),
  ]);
  return { t: { common, history, problems } };
});

const utf8 = new TextEncoder();
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const ID = "0199c0de-0000-7000-8000-00000000000c";

function event(position: number): HistoryEvent {
  return {
    position,
    at: `2026-09-21T14:13:20.${String(position).padStart(6, "0")}Z`,
    type: "MessageRead",
    stream: "message",
    id: ID,
    version: position,
    schema: 1,
    key_id: "",
    sealed_bytes: 0,
    public: {},
  };
}

function envelope({ position, type, stream, id, version, schema, key_id, public: open }: HistoryEvent, mark = ""): Uint8Array {
  const at_us = 1_790_000_000_000_000 + position;
  return utf8.encode(JSON.stringify({ at_us, key_id, mark, position, public: open, schema, stream: `${stream}-${id}`, type, version }));
}

async function root(of: Bytes[]): Promise<Bytes> {
  if (of.length === 1) return of[0] as Bytes;
  const middle = 2 ** Math.floor(Math.log2(of.length - 1));
  return nodeHash(await root(of.slice(0, middle)), await root(of.slice(middle)));
}

async function path(index: number, of: Bytes[]): Promise<Bytes[]> {
  if (of.length === 1) return [];
  const middle = 2 ** Math.floor(Math.log2(of.length - 1));
  return index < middle
    ? [...(await path(index, of.slice(0, middle))), await root(of.slice(middle))]
    : [...(await path(index - middle, of.slice(middle))), await root(of.slice(0, middle))];
}

/** A signer with a fresh key. */
async function signer(name = "log.example.org") {
  const keys = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const typed = Uint8Array.of(1, ...new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey)));
  const id = (await sha256(utf8.encode(`${name}\n`), typed)).subarray(0, 4);
  return {
    line: `${name}+${hex(id)}+${base64(typed)}`,
    async note(size: number, root: Bytes): Promise<string> {
      const text = `${name}\n${size}\n${base64(root)}\n`;
      const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, keys.privateKey, utf8.encode(text)));
      return `${text}\n— ${name} ${base64(Uint8Array.of(...id, ...signature))}\n`;
    },
  };
}

/** Shows a log of `size` events, of which those from `changed` on are not what they were. */
async function show(by: Awaited<ReturnType<typeof signer>>, size: number, changed = Infinity): Promise<void> {
  const entries = Array.from({ length: size }, (_, at) => envelope(event(at + 1), at + 1 >= changed ? "x" : ""));
  const leaves = await Promise.all(entries.map(leafHash));
  server.key = by.line;
  server.proof = async (position) => {
    const hashes = (await path(position - 1, leaves)).map((hash) => `${base64(hash)}\n`).join("");
    const extra = base64(entries[position - 1] as Uint8Array);
    return `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex ${position - 1}\n${hashes}\n${await by.note(size, await root(leaves))}`;
  };
  server.tile = async (path) => {
    expect(path).toBe(`0/000.p/${size}`);
    return Uint8Array.of(...leaves.flatMap((leaf) => [...leaf]));
  };
}

/** On a page loaded anew: what it knows is what the browser kept. */
async function checked(position = 1) {
  const checking = new Checking();
  await checking.check([event(position)]);
  return checking;
}

beforeEach(() => localStorage.clear());

test("the first key that is met is kept, and said to be new; the second time it is known", async () => {
  const log = await signer();
  await show(log, 3);
  const first = await checked(2);
  expect(first.verdicts.get(2)).toMatchObject({ kind: "holds", signed: true });
  expect(first.trust).toMatchObject({ isNew: true, lasts: true });
  expect(first.growth).toEqual({ kind: "first", size: 3 });
  const second = await checked(3);
  expect(second.trust).toMatchObject({ isNew: false });
  expect(second.growth).toEqual({ kind: "same", size: 3 });
});

test("a log that has grown out of what was seen is told so", async () => {
  const log = await signer();
  await show(log, 5);
  await checked();
  await show(log, 13);
  expect((await checked(9)).growth).toEqual({ kind: "grown", from: 5, size: 13 });
  expect((await checked(9)).growth).toEqual({ kind: "same", size: 13 });
});

test("another key verifies nothing until it is accepted", async () => {
  await show(await signer(), 3);
  await checked();
  const other = await signer();
  await show(other, 2);
  const checking = await checked();
  expect(checking.changed?.line).toBe(other.line);
  expect(checking.verdicts.size).toBe(0);
  expect((await checked()).changed).not.toBeNull(); // looking again does not make it right
  checking.accept();
  await checking.check([event(1)]);
  expect([checking.changed, checking.verdicts.get(1)?.kind]).toEqual([null, "holds"]);
  expect((await checked()).trust).toMatchObject({ isNew: false, key: { line: other.line } });
});

test("a log that takes events back is told loudly, and its proofs count for nothing", async () => {
  const log = await signer();
  await show(log, 5);
  await checked();
  await show(log, 4);
  const checking = await checked();
  expect(checking.growth).toEqual({ kind: "shrunk", from: 5, size: 4 });
  expect(checking.contradicted).toBe(true);
  expect(checking.verdicts.get(1)).toMatchObject({ kind: "refuted", fault: "contradicted" });
  await show(log, 5);
  expect((await checked()).growth).toEqual({ kind: "same", size: 5 }); // the largest is what counts
});

test.each([5, 9])("a history that was rewritten is told loudly at %i events", async (size) => {
  const log = await signer();
  await show(log, 5);
  await checked();
  await show(log, size, 3);
  const checking = await checked();
  expect(checking.growth).toEqual({ kind: "rewritten", from: 5, size });
  expect(checking.verdicts.get(1)).toMatchObject({ fault: "contradicted" });
});

test.each([async () => null, async () => new Uint8Array(31)])("without the tiles it cannot be compared, and the older one is kept", async (tile) => {
  const log = await signer();
  await show(log, 5);
  await checked();
  await show(log, 9);
  const { tile: whole } = server;
  server.tile = tile;
  expect((await checked()).growth).toMatchObject({ kind: "unlinked", why: expect.stringContaining("did not hand out") });
  server.tile = whole;
  expect((await checked()).growth).toEqual({ kind: "grown", from: 5, size: 9 });
});

test("a checkpoint that another key signed is not remembered", async () => {
  const log = await signer();
  await show(log, 3);
  await checked();
  await show(await signer(), 50);
  server.key = log.line;
  expect((await checked()).verdicts.get(1)).toMatchObject({ kind: "refuted", fault: "unsigned" });
  await show(log, 3);
  expect((await checked()).growth).toEqual({ kind: "same", size: 3 });
});

test("an event that cannot be asked for is not said to be wrong", async () => {
  await show(await signer(), 3);
  server.proof = async () => {
    throw new Problem(503, { code: "busy" });
  };
  expect((await checked()).verdicts.get(1)).toMatchObject({ kind: "unanswered" });
});

test("what this browser kept may be spoilt", async () => {
  await show(await signer(), 3);
  await checked();
  localStorage.setItem("strongroom.log.checkpoint", "nonsense");
  expect((await checked()).growth).toEqual({ kind: "first", size: 3 });
  localStorage.setItem("strongroom.log.key", "now nonsense");
  const checking = await checked();
  expect([checking.trust?.isNew, checking.verdicts.get(1)?.kind]).toEqual([true, "holds"]);
});

test("a browser that keeps nothing says so, and still notices a change while the page is open", async () => {
  const shut = () => {
    throw new DOMException("shut", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: shut, setItem: shut, removeItem: shut });
  try {
    await show(await signer(), 3);
    const checking = await checked();
    expect(checking.trust).toMatchObject({ isNew: true, lasts: false });
    await show(await signer(), 3);
    await checking.check([event(2)]);
    expect(checking.changed).not.toBeNull();
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a log without a key, or with one that is none, says so", async () => {
  server.key = null;
  expect((await checked()).keyless).toBe(true);
  server.key = "nonsense";
  expect((await checked()).problem).toContain("key");
});

test("without the browser's cryptography, as on plain HTTP, nothing is asked for and nothing is said to hold", async () => {
  await show(await signer(), 3);
  vi.stubGlobal("crypto", {});
  try {
    const checking = await checked();
    expect([checking.able, checking.verdicts.size, checking.busy]).toEqual([false, 0, false]);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("what another tab has seen meanwhile is not forgotten for something smaller", async () => {
  const log = await signer();
  for (const size of [5, 4]) remember(parseCheckpoint(await log.note(size, await leafHash(utf8.encode("root")))));
  expect(seen()?.size).toBe(5);
});
