import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compressFolder } from "./compress.ts";

const LONG = "the same words again and again, ".repeat(100);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "strongroom-"));
  await mkdir(join(folder, "assets"));
});

afterEach(() => rm(folder, { recursive: true }));

async function compressed(name: string, text: string): Promise<string[]> {
  await writeFile(join(folder, name), text);
  await compressFolder(folder);
  const names = await readdir(folder, { recursive: true });
  return names.filter((found) => found.startsWith(`${name}.`)).sort();
}

test("text gets both codings, and they open to the same text", async () => {
  expect(await compressed("assets/app.js", LONG)).toEqual(["assets/app.js.br", "assets/app.js.gz"]);
  expect(brotliDecompressSync(await readFile(join(folder, "assets/app.js.br"))).toString()).toBe(LONG);
  expect(gunzipSync(await readFile(join(folder, "assets/app.js.gz"))).toString()).toBe(LONG);
});

test("what is small already stays as it is", async () => {
  expect(await compressed("index.html", "<!doctype html>")).toEqual([]);
});

test("pictures and fonts are compressed in themselves", async () => {
  expect(await compressed("assets/inter.woff2", LONG)).toEqual([]);
});
