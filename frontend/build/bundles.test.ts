import { expect, test } from "vitest";
import { bundled } from "./bundles.ts";

const IMPORTS: Record<string, string[]> = {
  "/src/main.ts": ["/src/kept.ts"],
  "/src/start.ts": ["/src/kept.ts", "/src/App.svelte"],
  "/src/App.svelte": ["/src/start.ts", "svelte"],
  "/src/room/Room.svelte": ["svelte", "/src/List.svelte"],
};
const graph = { getModuleInfo: (id: string) => ({ importedIds: IMPORTS[id] ?? [] }) };
const name = bundled("/", ["src/main.ts", "src/start.ts", "src/room/Room.svelte"]);

test("a module goes with the first that needs it", () => {
  expect(name("/src/App.svelte", graph)).toBe("start");
  expect(name("svelte", graph)).toBe("start");
  expect(name("/src/List.svelte", graph)).toBe("Room");
});

test("what runs first, and what nobody here needs, stays where it is", () => {
  expect(name("/src/kept.ts", graph)).toBeNull();
  expect(name("/src/voice/Recorder.svelte", graph)).toBeNull();
});
