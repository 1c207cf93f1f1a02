/** Paths, roots and tiles of trees of every small size, against the definition written out. */

import { expect, test } from "vitest";
import type { Bytes } from "../api/log";
import { hashesIn, leafHash, nodeHash, rootOf, rootsOf, same, tilePath } from "./tree";

const TOGETHER = 300;
const leaves: Bytes[] = await Promise.all(Array.from({ length: TOGETHER }, (_, at) => leafHash(new TextEncoder().encode(`event ${at}`))));

function split(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

/** RFC 6962, section 2.1, word by word. */
async function root(of: Bytes[]): Promise<Bytes> {
  if (of.length === 1) return of[0] as Bytes;
  const middle = split(of.length);
  return nodeHash(await root(of.slice(0, middle)), await root(of.slice(middle)));
}

/** Section 2.1.1. */
async function path(index: number, of: Bytes[]): Promise<Bytes[]> {
  if (of.length === 1) return [];
  const middle = split(of.length);
  return index < middle
    ? [...(await path(index, of.slice(0, middle))), await root(of.slice(middle))]
    : [...(await path(index - middle, of.slice(middle))), await root(of.slice(0, middle))];
}

test("every path of every small tree leads to its root, and to no other place", async () => {
  for (let size = 1; size <= 17; size += 1) {
    const tree = leaves.slice(0, size);
    const expected = await root(tree);
    for (let index = 0; index < size; index += 1) {
      const up = await path(index, tree);
      expect(await rootOf(tree[index] as Bytes, index, size, up)).toEqual(expected);
      expect(await rootOf(leaves[20] as Bytes, index, size, up)).not.toEqual(expected);
      if (size > 1) expect(await rootOf(tree[index] as Bytes, (index + 1) % size, size, up)).not.toEqual(expected);
      expect(await rootOf(tree[index] as Bytes, index, size, [...up, expected])).toBeNull();
      if (up.length > 0) expect(await rootOf(tree[index] as Bytes, index, size, up.slice(1))).not.toEqual(expected);
    }
  }
});

test.each([[-1, 3], [3, 3], [2 ** 33, 2 ** 33]])("there is no leaf %i among %i", async (index, size) => {
  expect(await rootOf(leaves[0] as Bytes, index, size, [])).toBeNull();
});

test("a path goes beyond 32 bits", async () => {
  const size = 2 ** 33 + 1;
  const [one, two] = leaves as [Bytes, Bytes];
  expect(await rootOf(one, 2 ** 33, size, [two])).toEqual(await nodeHash(two, one));
});

const tiles = (size: number, spoil = false) => async (asked: string) => {
  const [level, rest] = [asked.slice(0, 1), asked.slice(2)];
  const [name, width] = rest.split(".p/");
  const first = Number(name) * 256;
  let row = leaves.slice(0, size);
  if (level === "1") row = [await root(leaves.slice(0, 256))];
  const hashes = row.slice(first, first + Number(width ?? 256));
  const data = new Uint8Array(hashes.length * 32);
  for (const [at, hash] of hashes.entries()) data.set(hash, at * 32);
  if (spoil && level === "0") data[5] = (data[5] ?? 0) ^ 1;
  return data;
};

test("both roots follow from the newer tree's tiles", async () => {
  for (const [older, newer] of [[1, 1], [1, 2], [2, 3], [3, 4], [3, 7], [4, 8], [6, 8], [7, 13], [8, 8], [255, 256], [256, 257], [200, 300], [256, 300], [257, 300], [299, 300]] as const) {
    const [was, is] = await rootsOf(older, newer, hashesIn(newer, tiles(newer)));
    expect([was, is]).toEqual([await root(leaves.slice(0, older)), await root(leaves.slice(0, newer))]);
  }
});

test("a changed hash among the older leaves is not hidden by the newer root", async () => {
  const [was, is] = await rootsOf(200, 300, hashesIn(300, tiles(300, true)));
  expect(same(was, await root(leaves.slice(0, 200))) && same(is, await root(leaves.slice(0, 300)))).toBe(false);
});

test("a tile of another length is not taken", async () => {
  await expect(rootsOf(3, 7, hashesIn(7, async () => new Uint8Array(31)))).rejects.toThrow(RangeError);
});

test.each([
  [0, 0, 256, "0/000"],
  [0, 0, 3, "0/000.p/3"],
  [1, 12, 256, "1/012"],
  [0, 1_234_067, 256, "0/x001/x234/067"],
  [2, 1_000, 7, "2/x001/000.p/7"],
])("level %i, tile %i of %i hashes is %s", (level, index, width, expected) => {
  expect(tilePath(level, index, width)).toBe(expected);
});
