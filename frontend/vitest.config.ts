import { readdirSync, readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";

const files = ["src", "build"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `${folder}/${path}`),
);
const saying = (word: string) => new Set(files.filter((path) => readFileSync(path, "utf8").includes(word)));
const replacing = saying("vi.mock("); // what is put in a module's place stays there as long as the worker
const drawing = saying("@vitest-environment happy-dom");

/** Most of the time goes into starting workers: who shares one finds it as if it were new (build/afresh.ts). */
const sharing = { isolate: false, setupFiles: ["build/afresh.ts"] };

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ["browser"] }, // Svelte's runes as they work on the page, not as on a server
  test: {
    testTimeout: 30_000, // the first test of a file waits for its modules, which a busy machine reads slowly
    environment: "node",
    pool: "threads", // as separate as these need to be, and less to start than processes
    // One after the other: a worker is not shared by files that take turns with those of another kind.
    projects: [
      kind("plain", 0, (path) => !replacing.has(path) && !drawing.has(path), sharing),
      kind("drawing", 1, (path) => !replacing.has(path) && drawing.has(path), sharing),
      kind("replacing", 2, (path) => replacing.has(path), {}),
    ],
  },
});

function kind(name: string, groupOrder: number, holds: (path: string) => boolean, test: object): TestProjectConfiguration {
  return { extends: true, test: { name, include: files.filter(holds), sequence: { groupOrder }, ...test } };
}
