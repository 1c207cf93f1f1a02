import { expect, test } from "vitest";
import { type Chunk, weigh } from "./budget.ts";

function chunk(fileName: string, moduleIds: string[], imports: string[] = []): Chunk {
  return { fileName, moduleIds, imports, code: fileName.repeat(100) };
}

const CHUNKS = [
  chunk("main.js", ["/src/main.ts", "/src/App.svelte"], ["shared.js"]),
  chunk("room.js", ["/src/room/Room.svelte"], ["shared.js", "list.js"]),
  chunk("list.js", ["/src/parts/List.svelte"], ["room.js"]),
  chunk("shared.js", ["/src/lib/ids.ts"]),
  chunk("later.js", ["/src/voice/Recorder.svelte"]),
];

function names(...modules: string[]): string[] {
  return weigh(CHUNKS, modules).map(([name]) => name).sort();
}

test("a chunk brings what it imports, and what that imports, once", () => {
  expect(names("/src/main.ts", "/src/room/Room.svelte")).toEqual(["list.js", "main.js", "room.js", "shared.js"]);
});

test("what is imported later is no part of the first view", () => {
  expect(names("/src/App.svelte")).toEqual(["main.js", "shared.js"]);
});

test("a module that is not in the build is told", () => {
  expect(() => names("/src/Gone.svelte")).toThrow("/src/Gone.svelte");
});

test("each chunk weighs what is sent of it", () => {
  const [[, bytes] = ["", 0]] = weigh(CHUNKS, ["/src/voice/Recorder.svelte"]);
  expect(bytes).toBeGreaterThan(20);
  expect(bytes).toBeLessThan(100);
});
