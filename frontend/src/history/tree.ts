/** Hashes of the log's tree (RFC 6962, section 2.1): its leaves, its nodes, and the roots that follow from them. */

import type { Bytes } from "../api/log";

export const HASH_BYTES = 32;

export async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

// Of a leaf and of a node, told apart by their first byte: neither can pass for the other.
export const leafHash = (entry: Uint8Array): Promise<Bytes> => sha256(Uint8Array.of(0), entry);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => sha256(Uint8Array.of(1), left, right);

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const half = (value: number) => Math.floor(value / 2); // not `>>`: a log may have more than 2³² events

/** The root to which an audit path leads (RFC 9162, section 2.1.3.2); null when it is too long or too short. */
export async function rootOf(leaf: Bytes, index: number, size: number, path: readonly Bytes[]): Promise<Bytes | null> {
  if (index < 0 || index >= size) return null;
  let [at, last, root] = [index, size - 1, leaf];
  for (const beside of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = await nodeHash(beside, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      root = await nodeHash(root, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? root : null;
}

/** The largest power of two below `count`, which is 2 or more: where a tree is split. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Gives the hash over `count` leaves from `start` on. What it gives need not be believed: see `rootsOf`. */
export type Hashes = (start: number, count: number) => Promise<Bytes>;

/** The roots of the first `older` and of the first `newer` leaves, out of the same hashes: when both are as they were
 * signed, nothing among the older leaves has changed (RFC 9162, section 2.1.4). 0 < older ≤ newer. */
export async function rootsOf(older: number, newer: number, hashes: Hashes, start = 0): Promise<[Bytes, Bytes]> {
  if (older === newer) {
    const hash = await hashes(start, newer);
    return [hash, hash];
  }
  const split = splitOf(newer);
  if (older <= split) {
    const [old, left] = await rootsOf(older, split, hashes, start);
    return [old, await nodeHash(left, await hashes(start + split, newer - split))];
  }
  const left = await hashes(start, split);
  const [old, right] = await rootsOf(older - split, newer - split, hashes, start + split);
  return [await nodeHash(left, old), await nodeHash(left, right)];
}

const TILE = 256;

/** `<L>/<N>[.p/<W>]` (c2sp.org/tlog-tiles). */
export function tilePath(level: number, index: number, width: number): string {
  const groups = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `${level}/${groups.join("/")}${width < TILE ? `.p/${width}` : ""}`;
}

/** Hashes out of the tiles of a tree of `size` leaves. `tile` is asked once for each path; what it gives is checked for
 * its length alone. */
export function hashesIn(size: number, tile: (path: string) => Promise<Bytes>): Hashes {
  const tiles = new Map<string, Promise<Bytes>>();

  async function perfect(level: number, index: number): Promise<Bytes> {
    const row = Math.floor(level / 8);
    const span = 2 ** (level % 8);
    const number = Math.floor((index * span) / TILE);
    const width = Math.min(TILE, Math.floor(size / TILE ** row) - number * TILE);
    const path = tilePath(row, number, width);
    const coming = tiles.get(path) ?? tile(path);
    tiles.set(path, coming);
    const data = await coming;
    if (data.length !== width * HASH_BYTES) throw new RangeError(`a tile of ${data.length} bytes`);
    const from = (index * span) % TILE;
    let hashes = Array.from({ length: span }, (_, at) => data.slice((from + at) * HASH_BYTES, (from + at + 1) * HASH_BYTES));
    while (hashes.length > 1) {
      const above: Bytes[] = [];
      for (let at = 0; at < hashes.length; at += 2) above.push(await nodeHash(hashes[at] as Bytes, hashes[at + 1] as Bytes));
      hashes = above;
    }
    return hashes[0] as Bytes;
  }

  return async function hashOf(start: number, count: number): Promise<Bytes> {
    const level = Math.log2(count);
    if (Number.isInteger(level)) return perfect(level, start / count);
    const split = splitOf(count);
    return nodeHash(await hashOf(start, split), await hashOf(start + split, count - split));
  };
}
