import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ["browser"] }, // Svelte's runes as they work on the page, not as on a server
  test: {
    include: ["src/**/*.test.ts", "build/**/*.test.ts"],
    environment: "node", // a file that needs a document says `@vitest-environment happy-dom`
  },
});
