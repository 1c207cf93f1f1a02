/** Beside each text file of the build: the same, compressed as far as it goes. The server picks, and never compresses. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = new Set([".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest"]);
const WORTH_BYTES = 1024; // what is smaller fits one packet anyway

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

export function compress(): Plugin {
  let folder = "";
  return {
    name: "strongroom:compress",
    apply: "build",
    configResolved({ root, build }) {
      folder = resolve(root, build.outDir);
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler: () => compressFolder(folder),
    },
  };
}

/** Writes `.br` and `.gz` beside each text file that is large enough, wherever that makes it smaller. */
export async function compressFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && TEXT.has(extname(entry.name)));
  await Promise.all(files.map((file) => compressFile(join(file.parentPath, file.name))));
}

async function compressFile(path: string): Promise<void> {
  const data = await readFile(path);
  if (data.length <= WORTH_BYTES) return;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
  };
  const compressed = { br: await brotli(data, { params }), gz: await gzipped(data, { level: constants.Z_BEST_COMPRESSION }) };
  for (const [suffix, smaller] of Object.entries(compressed)) {
    if (smaller.length < data.length) await writeFile(`${path}.${suffix}`, smaller);
  }
}
