/** How much script the first view costs: the build fails when it is too much for a slow phone. */
import { resolve } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export const LIMIT_BYTES = 60_000;

/** Who is looking, and the modules whose chunks they need before they can do anything. */
export type FirstView = readonly [who: string, modules: readonly string[]];

export interface Chunk {
  readonly fileName: string;
  readonly moduleIds: readonly string[];
  readonly imports: readonly string[]; // of other chunks, statically
  readonly code: string;
}

/** Complains when all is written: the page can be looked at, but the build has failed. */
export function budget(views: readonly FirstView[], limitBytes = LIMIT_BYTES): Plugin {
  let root = "";
  return {
    name: "strongroom:budget",
    apply: "build",
    configResolved(config) {
      root = config.root;
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
        const sums = views.map(([who, modules]) => {
          const sizes = weigh(chunks, modules.map((module) => resolve(root, module)));
          return { who, sizes, bytes: sizes.reduce((sum, [, size]) => sum + size, 0) };
        });
        for (const { who, bytes } of sums) {
          this.environment.logger.info(`first view, ${who}: ${bytes} of ${limitBytes} bytes of script (gzip)`);
        }
        const worst = sums.sort((one, other) => other.bytes - one.bytes)[0];
        if (worst !== undefined && worst.bytes > limitBytes) {
          const list = worst.sizes.map(([name, size]) => `${size}\t${name}`).join("\n");
          this.error(`Too much script before the page can be used, ${worst.who}: ${worst.bytes} bytes\n${list}`);
        }
      },
    },
  };
}

/** (file, gzip bytes) of each chunk that the modules need. */
export function weigh(chunks: readonly Chunk[], modules: readonly string[]): [string, number][] {
  return reach(chunks, modules).map(({ fileName, code }) => [fileName, gzippedBytes(code)]);
}

/** The chunks that the modules need: their own, and what these import statically. */
export function reach<Each extends Chunk>(chunks: readonly Each[], modules: readonly string[]): Each[] {
  const needed = new Map<string, Each>();
  const waiting = modules.map((module) => holding(chunks, module));
  for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
    if (needed.has(chunk.fileName)) continue;
    needed.set(chunk.fileName, chunk);
    const { imports } = chunk;
    waiting.push(...chunks.filter(({ fileName }) => imports.includes(fileName)));
  }
  return [...needed.values()];
}

function holding<Each extends Chunk>(chunks: readonly Each[], module: string): Each {
  const chunk = chunks.find(({ moduleIds }) => moduleIds.includes(module));
  if (chunk === undefined) throw new Error(`No chunk of the build holds ${module}: is the list of first views stale?`);
  return chunk;
}

function gzippedBytes(code: string): number {
  return gzipSync(code, { level: constants.Z_BEST_COMPRESSION }).length;
}
