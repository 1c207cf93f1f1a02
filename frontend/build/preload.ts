/** The chunks that the page needs in any case, told in the page itself: they come beside the script that runs first, not
 * after it. */
import { resolve } from "node:path";
import type { HtmlTagDescriptor, Plugin } from "vite";
import { reach } from "./budget.ts";

export function preload(modules: readonly string[]): Plugin {
  let root = "";
  let base = "";
  return {
    name: "strongroom:preload",
    apply: "build",
    configResolved(config) {
      ({ root, base } = config);
    },
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle = {} }): HtmlTagDescriptor[] {
        const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
        const needed = reach(chunks, modules.map((module) => resolve(root, module))).filter(({ isEntry }) => !isEntry);
        return needed.map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: base + fileName },
          injectTo: "head",
        }));
      },
    },
  };
}
