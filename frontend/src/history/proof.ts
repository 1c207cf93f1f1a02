/** Whether an event is in the log, by the browser's own cryptography and nobody's word: a proof (c2sp.org/tlog-proof) with
 * the event's envelope, its audit path, and a checkpoint that the log has signed (c2sp.org/signed-note). */

import type { Bytes } from "../api/log";
import { HASH_BYTES, leafHash, rootOf, same, sha256 } from "./tree";

/** What did not fit: not a proof at all; a key that is none; another event than the page shows; the path does not lead to
 * the root; a checkpoint of another log; without the log's signature, or with a wrong one. */
export type Fault = "form" | "key" | "differs" | "path" | "origin" | "unsigned" | "signature";

/** `what`: a detail of it, for those who look closely. */
export class Refuted extends Error {
  constructor(
    readonly fault: Fault,
    readonly what: string,
  ) {
    super(`${fault}: ${what}`);
  }
}

/** `line`: `<name>+<id>+<base64>`. */
export interface VerifierKey {
  line: string;
  name: string;
  id: string;
  bytes: Bytes;
}

export interface Checkpoint {
  note: string; // all of it
  text: string; // what is signed
  origin: string;
  size: number;
  root: Bytes;
  signatures: { name: string; keyId: string; value: Bytes }[];
}

export interface Proof {
  index: number;
  path: Bytes[];
  envelope: Bytes;
  checkpoint: Checkpoint;
}

/** What the page shows of an event, to be compared with its envelope. */
export interface Shown {
  position: number;
  at: string;
  type: string;
  stream: string;
  id: string;
  version: number;
  schema: number;
  key_id: string;
  public: Record<string, unknown>;
}

/** `signed`: false where this browser knows no Ed25519, and the signature remains to be checked elsewhere. */
export interface Verified {
  checkpoint: Checkpoint;
  signed: boolean;
  cosigners: string[]; // by name; their signatures are not checked
}

const HEADER = "c2sp.org/tlog-proof@v1";
const LOG_KEY = 1; // the type of key that signs notes with Ed25519
const MOST_CHARS = 256 * 1024; // an envelope of 64 KiB in base64, the path and a note
const MOST_SIGNATURES = 32;
const MOST_HASHES = 63;
const SIGNATURE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const NUMBER = /^(0|[1-9][0-9]{0,15})$/;

const utf8 = new TextEncoder();

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(base64: string): Bytes {
  let binary: string;
  try {
    binary = atob(base64);
  } catch {
    throw new Refuted("form", "base64");
  }
  if (btoa(binary) !== base64) throw new Refuted("form", "base64"); // in its one form
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function numberOf(text: string | undefined): number {
  const value = NUMBER.test(text ?? "") ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new Refuted("form", "number");
  return value;
}

function hashOf(base64: string): Bytes {
  const hash = bytesOf(base64);
  if (hash.length !== HASH_BYTES) throw new Refuted("form", "hash");
  return hash;
}

export async function parseKey(line: string): Promise<VerifierKey> {
  const [, name, id, material] = /^([^\s+]{1,255})\+([0-9a-f]{8})\+(\S+)$/.exec(line) ?? [];
  if (name === undefined || id === undefined || material === undefined) throw new Refuted("key", line.slice(0, 300));
  const typed = bytesOf(material);
  const named = await sha256(utf8.encode(`${name}\n`), typed);
  if (typed[0] !== LOG_KEY || typed.length !== 1 + HASH_BYTES || hex(named.subarray(0, 4)) !== id) throw new Refuted("key", line);
  return { line, name, id, bytes: typed.slice(1) };
}

export function parseCheckpoint(note: string): Checkpoint {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || note.length > MOST_CHARS || !note.endsWith("\n")) throw new Refuted("form", "checkpoint");
  const text = note.slice(0, end + 1);
  const [origin, size, root, ...rest] = text.split("\n");
  if (!origin || root === undefined || rest.length !== 1) throw new Refuted("form", "checkpoint");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw new Refuted("form", "signatures");
  const signatures = lines.map((line) => {
    const [, name, value] = SIGNATURE.exec(line) ?? [];
    const bytes = bytesOf(value ?? "");
    if (name === undefined || bytes.length <= 4) throw new Refuted("form", "signature line");
    return { name, keyId: hex(bytes.subarray(0, 4)), value: bytes.slice(4) };
  });
  return { note, text, origin, size: numberOf(size), root: hashOf(root), signatures };
}

export function parseProof(proof: string): Proof {
  const end = proof.indexOf("\n\n");
  const [header, extra, index, ...path] = proof.slice(0, Math.max(0, end)).split("\n");
  if (proof.length > MOST_CHARS || header !== HEADER || !extra?.startsWith("extra ") || !index?.startsWith("index ")) {
    throw new Refuted("form", "proof");
  }
  if (path.length > MOST_HASHES) throw new Refuted("form", "path");
  return {
    index: numberOf(index.slice("index ".length)),
    path: path.map(hashOf),
    envelope: bytesOf(extra.slice("extra ".length)),
    checkpoint: parseCheckpoint(proof.slice(end + 2)),
  };
}

/** True; false where this browser knows no Ed25519; Refuted when the log has not signed it. */
export async function isSigned(checkpoint: Checkpoint, key: VerifierKey): Promise<boolean> {
  if (checkpoint.origin !== key.name) throw new Refuted("origin", checkpoint.origin);
  const own = checkpoint.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.id);
  if (own.length === 0) throw new Refuted("unsigned", key.id);
  let publicKey: CryptoKey;
  try {
    publicKey = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return false;
    throw new Refuted("key", key.id);
  }
  for (const { value } of own) {
    const right = await crypto.subtle.verify({ name: "Ed25519" }, publicKey, value, utf8.encode(checkpoint.text));
    if (!right) throw new Refuted("signature", key.id);
  }
  return true;
}

/** RFC 3339 with six decimals → microseconds since 1970. */
function microseconds(at: string): number {
  return Date.parse(`${at.slice(0, 19)}Z`) * 1000 + Number(at.slice(20, 26));
}

/** Of two JSON values. */
function equal(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ones, others] = [Object.entries(one), new Map(Object.entries(other))];
  return ones.length === others.size && ones.every(([name, value]) => others.has(name) && equal(value, others.get(name)));
}

/** Refuted with the first field of the envelope that is not what the page shows. */
function compare(data: Bytes, { at, stream, id, ...shown }: Shown): void {
  let envelope: Record<string, unknown>;
  try {
    envelope = Object(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)));
  } catch {
    throw new Refuted("form", "envelope");
  }
  const { position, type, version, schema, key_id } = shown;
  const expected = { position, at_us: microseconds(at), type, stream: `${stream}-${id}`, version, schema, key_id, public: shown.public };
  for (const [field, value] of Object.entries(expected)) {
    if (!equal(envelope[field], value)) throw new Refuted("differs", field);
  }
}

/** That the log has this very event, as the page shows it. Refuted when anything does not fit. */
export async function verify(text: string, key: VerifierKey, shown: Shown): Promise<Verified> {
  const { index, path, envelope, checkpoint } = parseProof(text);
  if (index !== shown.position - 1) throw new Refuted("differs", "position");
  compare(envelope, shown);
  const root = await rootOf(await leafHash(envelope), index, checkpoint.size, path);
  if (root === null || !same(root, checkpoint.root)) throw new Refuted("path", `${index} / ${checkpoint.size}`);
  const signed = await isSigned(checkpoint, key);
  const names = checkpoint.signatures.map(({ name }) => name).filter((name) => name !== key.name);
  return { checkpoint, signed, cosigners: [...new Set(names)] };
}
