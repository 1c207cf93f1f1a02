import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { compress } from "./build/compress.ts";

/** The operator's page, built by itself and after the page for everybody: they share sources, and no file. So neither costs
 * the other a byte, and nothing of what runs when people's page starts can run in the operator's. */
export default defineConfig({
  plugins: [tailwindcss(), svelte({ configFile: false }), compress()],
  publicDir: false, // it lies there already
  build: {
    outDir: "../api/static",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: { input: "admin.html" },
  },
});
