/** The example of docs/log.md, made here byte by byte, and every way of tampering with it. */

import { expect, test } from "vitest";
import document from "../../../docs/log.md?raw";
import { hex, isSigned, parseCheckpoint, parseKey, parseProof, Refuted, verify, type Shown } from "./proof";
import { leafHash, nodeHash, sha256 } from "./tree";

const USER = "0199c0de-0000-7000-8000-00000000000a";
const CHAT = "0199c0de-0000-7000-8000-00000000000c";
const MESSAGE = "0199c0de-0000-7000-8000-00000000000d";

const utf8 = new TextEncoder();
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const found = (pattern: RegExp) => pattern.exec(document)?.[1] as string;

const KEY = found(/The log's key is `([^`]+)`/);
const NOTE = found(/cat > checkpoint <<'END'\n([\s\S]*?)END\n/);
const SIGNATURE = found(/^— log\.example\.org (\S+)$/m);
const ROOT = found(/```text\n(?:\S{44}\n){3}(\S{44})\n```/);

async function envelopes(): Promise<string[]> {
  const sealed = async (text: string) => hex(await sha256(utf8.encode(text)));
  const [title, hello, nothing] = await Promise.all(["title", "hello", ""].map(sealed));
  return [
    `{"at_us":1790000000000001,"format":1,"key_id":"chat-${CHAT}","position":1,"public":{},"schema":1,"sealed_sha256":"${title}","stream":"chat-${CHAT}","type":"ChatStarted","user":"${USER}","version":1}`,
    `{"at_us":1790000000000002,"format":1,"key_id":"chat-${CHAT}","position":2,"public":{"chat":"${CHAT}","content_type":"text/plain","file_ids":[],"role":"user"},"schema":1,"sealed_sha256":"${hello}","stream":"message-${MESSAGE}","type":"MessageSent","user":"${USER}","version":1}`,
    `{"at_us":1790000000000003,"format":1,"key_id":"","position":3,"public":{},"schema":1,"sealed_sha256":"${nothing}","stream":"message-${MESSAGE}","type":"MessageDelivered","user":"${USER}","version":2}`,
  ];
}

const SENT: Shown = {
  position: 2,
  at: "2026-09-21T14:13:20.000002Z",
  type: "MessageSent",
  stream: "message",
  id: MESSAGE,
  version: 1,
  schema: 1,
  key_id: `chat-${CHAT}`,
  public: { chat: CHAT, role: "user", file_ids: [], content_type: "text/plain" }, // in any order
};

/** The parts of the message's proof, to be put together as they are or in another way. */
async function parts() {
  const [first, sent, last] = (await envelopes()).map((text) => utf8.encode(text)) as [Uint8Array, Uint8Array, Uint8Array];
  return {
    header: "c2sp.org/tlog-proof@v1",
    extra: `extra ${base64(sent)}`,
    index: "index 1",
    path: [base64(await leafHash(first)), base64(await leafHash(last))],
    note: NOTE,
  };
}

type Parts = Awaited<ReturnType<typeof parts>>;

async function proof(change: (parts: Parts) => Partial<Parts> = () => ({})): Promise<string> {
  const whole = await parts();
  const { header, extra, index, path, note } = { ...whole, ...change(whole) };
  return `${[header, extra, index, ...path].join("\n")}\n\n${note}`;
}

const flipped = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

test("the message of the example is in the log", async () => {
  const { checkpoint, signed, cosigners } = await verify(await proof(), await parseKey(KEY), SENT);
  expect([checkpoint.size, base64(checkpoint.root), signed, cosigners]).toEqual([3, ROOT, true, []]);
});

test("the leaves are those of the example", async () => {
  const leaves = await Promise.all((await envelopes()).map((text) => leafHash(utf8.encode(text))));
  for (const leaf of leaves) expect(document).toContain(base64(leaf));
  const [first, second, third] = leaves as [Awaited<ReturnType<typeof leafHash>>, Uint8Array, Uint8Array];
  expect(base64(await nodeHash(await nodeHash(first, second), third))).toBe(ROOT);
});

test.each<[string, (parts: Parts) => Partial<Parts>, string]>([
  ["another header", () => ({ header: "c2sp.org/tlog-proof@v2" }), "form"],
  ["no envelope", () => ({ extra: "extra " }), "form"],
  ["an envelope that is no JSON", () => ({ extra: `extra ${btoa("nonsense")}` }), "form"],
  ["an envelope that is no object", () => ({ extra: `extra ${btoa("null")}` }), "differs"],
  ["base64 in another form", ({ extra }) => ({ extra: `${extra}=` }), "form"],
  ["another index", () => ({ index: "index 2" }), "differs"],
  ["an index with a zero before it", () => ({ index: "index 01" }), "form"],
  ["a negative index", () => ({ index: "index -1" }), "form"],
  ["an index past all bounds", () => ({ index: "index 9999999999999999" }), "form"],
  ["a bit of the event's content", ({ extra }) => ({ extra: `extra ${btoa(atob(extra.slice(6)).replace('"format":1', '"format":2'))}` }), "path"],
  ["a bit of the sealed bytes' hash", ({ extra }) => ({ extra: `extra ${btoa(atob(extra.slice(6)).replace(/"sealed_sha256":"./, '"sealed_sha256":"x'))}` }), "path"],
  ["a changed hash", ({ path: [one, two] }) => ({ path: [flipped(one as string, 3), two as string] }), "path"],
  ["hashes in another order", ({ path }) => ({ path: path.toReversed() }), "path"],
  ["a hash less", ({ path }) => ({ path: path.slice(1) }), "path"],
  ["a hash more", ({ path }) => ({ path: [...path, path[0] as string] }), "path"],
  ["no hash at all", () => ({ path: [] }), "path"],
  ["a short hash", ({ path }) => ({ path: [btoa("short"), path[1] as string] }), "form"],
  ["too many hashes", ({ path }) => ({ path: Array<string>(64).fill(path[0] as string) }), "form"],
  ["another size", ({ note }) => ({ note: note.replace("\n3\n", "\n4\n") }), "signature"],
  ["a smaller size", ({ note }) => ({ note: note.replace("\n3\n", "\n1\n") }), "path"],
  ["another root", ({ note }) => ({ note: note.replace(ROOT, flipped(ROOT, 3)) }), "path"],
  ["another origin", ({ note }) => ({ note: note.replace("log.example.org\n", "log.example.com\n") }), "origin"],
  ["a changed signature", ({ note }) => ({ note: note.replace(SIGNATURE, flipped(SIGNATURE, 30)) }), "signature"],
  ["the signature of another key", ({ note }) => ({ note: note.replace(SIGNATURE, flipped(SIGNATURE, 0)) }), "unsigned"],
  ["the signature under another name", ({ note }) => ({ note: note.replace("— log.", "— lag.") }), "unsigned"],
  ["no signature", ({ note }) => ({ note: note.slice(0, note.indexOf("—")) }), "form"],
  ["a signature that is none", ({ note }) => ({ note: note.replace("— log", "- log") }), "form"],
  ["too many signatures", ({ note }) => ({ note: note + (note.split("\n")[4] + "\n").repeat(40) }), "form"],
  ["a line more in the checkpoint", ({ note }) => ({ note: note.replace("\n\n", "\nmore\n\n") }), "form"],
  ["nothing of a checkpoint", () => ({ note: "" }), "form"],
  ["far too much", () => ({ note: "x".repeat(300_000) }), "form"],
])("%s is refused", async (_, change, fault) => {
  const refused = verify(await proof(change), await parseKey(KEY), SENT);
  await expect(refused).rejects.toThrow(Refuted);
  await expect(refused).rejects.toMatchObject({ fault });
});

test.each<Partial<Shown>>([
  { position: 1 },
  { at: "2026-09-21T14:13:20.000003Z" },
  { at: "nonsense" },
  { type: "MessageRead" },
  { stream: "chat" },
  { id: CHAT },
  { version: 2 },
  { schema: 2 },
  { key_id: "" },
  { public: {} },
  { public: { ...SENT.public, role: "assistant" } },
  { public: { ...SENT.public, more: null } },
  { public: { ...SENT.public, file_ids: {} } },
  { public: { ...SENT.public, file_ids: [CHAT] } },
  { public: { chat: CHAT, role: "user", file_ids: [], other: "text/plain" } },
])("another event than the page shows is refused: %j", async (shown) => {
  await expect(verify(await proof(), await parseKey(KEY), { ...SENT, ...shown })).rejects.toMatchObject({ fault: "differs" });
});

test.each([
  "",
  "nonsense",
  KEY.replace("b1db5813", "b1db5814"),
  KEY.replace("log.example.org", "lag.example.org"),
  KEY.replace("+AQOh", "+BAOh"), // of a witness
  KEY.slice(0, -4),
  `${KEY} `,
])("%j is not a log's key", async (line) => {
  await expect(parseKey(line)).rejects.toThrow(Refuted);
});

test("another log's key does not take this log's signature", async () => {
  const seeded = KEY.replace(/\+.*$/, "");
  const typed = Uint8Array.of(1, ...new Uint8Array(32).fill(7));
  const id = hex((await sha256(utf8.encode(`${seeded}\n`), typed)).subarray(0, 4));
  const other = await parseKey(`${seeded}+${id}+${base64(typed)}`);
  await expect(isSigned(parseCheckpoint(NOTE), other)).rejects.toMatchObject({ fault: "unsigned" });
});

test("who else has signed is told, and is not taken for the log", async () => {
  const witness = `— witness.example ${base64(new Uint8Array(76))}\n`;
  const verified = await verify(await proof(({ note }) => ({ note: note + witness + witness })), await parseKey(KEY), SENT);
  expect(verified.cosigners).toEqual(["witness.example"]);
});

test("a browser without Ed25519 finds the event in the tree, and does not say that the log signed it", async () => {
  const key = await parseKey(KEY);
  const { importKey } = crypto.subtle;
  crypto.subtle.importKey = () => Promise.reject(new DOMException("no Ed25519", "NotSupportedError"));
  try {
    expect((await verify(await proof(), key, SENT)).signed).toBe(false);
  } finally {
    crypto.subtle.importKey = importKey;
  }
});

test("a proof is taken apart as it was put together", async () => {
  const { index, path, envelope, checkpoint } = parseProof(await proof());
  expect([index, path.length, new TextDecoder().decode(envelope), checkpoint.note]).toEqual([1, 2, (await envelopes())[1], NOTE]);
});
