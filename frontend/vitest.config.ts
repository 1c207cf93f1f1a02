import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ["browser"] }, // Svelte's runes as they work on the page, not as on a server
  test: {
    include: ["src/**/*.test.ts", "build/**/*.test.ts"],
    testTimeout: 30_000, // the first test of a file waits for its modules, which a busy machine reads slowly
    environment: "node", // a file that needs a document says `@vitest-environment happy-dom`
    pool: "threads", // as separate as these need to be, and less to start than processes
  },
});
