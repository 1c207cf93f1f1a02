import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { budget, type FirstView } from "./build/budget.ts";
import { bundled } from "./build/bundles.ts";
import { compress } from "./build/compress.ts";
import { preload } from "./build/preload.ts";

/** What is fetched before somebody can do anything. What these fetch later, when it is asked for, is not counted. */
const FIRST_VIEWS: readonly FirstView[] = [
  ["stranger", ["src/main.ts", "src/start.ts", "src/entrance/Entrance.svelte", "src/texts/en/rest.ts"]],
  ["signed in", ["src/main.ts", "src/start.ts", "src/room/Room.svelte"]],
];

export default defineConfig({
  plugins: [tailwindcss(), svelte({ configFile: false }), preload(["src/start.ts"]), compress(), budget(FIRST_VIEWS)],
  build: {
    outDir: "../api/static", // beside the package that serves it, so the wheel carries it
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false, // `bundled` follows them itself
          groups: [{ name: bundled(import.meta.dirname, ["src/main.ts", "src/start.ts", "src/room/Room.svelte"]) }],
        },
      },
    },
  },
});
