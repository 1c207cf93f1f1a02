/** An export on its way into a file. It goes on while one looks at other things, and ends with the session. */

import { takeOut } from "../api/archive";
import { Problem, told } from "../api/problem";
import { dayKey } from "../lib/format";
import { session } from "../state/session.svelte";
import { t } from "../texts/texts.svelte";
import { Meter } from "../uploads/pace";
import { chooseFile } from "./saving";

/** What stops it from within: the disk, not the server. */
class Unwritten extends Error {}

class Exporting {
  /** asking: nothing has come yet. handed: the browser's own download has it. */
  stage = $state<"idle" | "asking" | "running" | "done" | "stopped" | "handed" | "failed">("idle");
  gotBytes = $state(0);
  rateBps = $state(0);
  leftS = $state<number | null>(null);
  /** About so much will come; null: not known. */
  estimateBytes = $state<number | null>(null);
  problem = $state<string | null>(null);
  #stop: AbortController | null = null;

  readonly busy = $derived(this.stage === "asking" || this.stage === "running");

  constructor() {
    session.join({
      enter: () => {},
      leave: () => {
        this.cancel();
        this.#stop = null; // whatever comes of it is nobody's business any more
        this.stage = "idle";
      },
    });
    addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  /** What was asked of the browser is no business of this page any more. */
  handOver(): void {
    if (!this.busy) this.stage = "handed";
  }

  cancel(): void {
    this.#stop?.abort(new Problem(0, { code: "cancelled" }));
  }

  /** Called in the press itself, or the browser does not ask where to. */
  async start(): Promise<void> {
    const file = await chooseFile(`strongroom-${dayKey(new Date().toISOString())}.zip`);
    if (file === null || this.busy) return;
    const stop = (this.#stop = new AbortController());
    this.stage = "asking";
    this.gotBytes = this.rateBps = 0;
    this.estimateBytes = this.leftS = this.problem = null;
    try {
      await this.#save(file, stop);
      if (this.#stop === stop) this.stage = "done";
    } catch (error) {
      if (this.#stop === stop) this.#failed(error);
    } finally {
      if (this.#stop === stop) this.#stop = null;
    }
  }

  #failed(error: unknown): void {
    const stopped = error instanceof Problem && error.code === "cancelled";
    this.stage = stopped ? "stopped" : "failed";
    this.problem = stopped ? null : error instanceof Unwritten ? t.account.export.notWritten : told(error);
  }

  /** The file is put in place only when all of it is there. */
  async #save(file: FileSystemFileHandle, stop: AbortController): Promise<void> {
    const writable = await file.createWritable().catch(unwritten);
    let meter: Meter | null = null;
    try {
      const { estimateBytes, body } = await takeOut(stop.signal);
      this.estimateBytes = estimateBytes;
      this.stage = "running";
      meter = new Meter(
        estimateBytes ?? 0,
        ({ sentBytes, rateBps, leftS }) => {
          this.gotBytes = sentBytes;
          this.rateBps = rateBps;
          this.leftS = leftS !== null && leftS > 0 ? leftS : null; // an estimate may be passed
        },
        () => stop.abort(new Problem(0, { code: "unreachable" })),
      );
      let bytes = 0;
      const reader = body.getReader();
      for (let next = await read(reader, stop.signal); next !== null; next = await read(reader, stop.signal)) {
        await writable.write(next).catch(unwritten); // no more is asked for than the disk takes
        meter.moved((bytes += next.byteLength));
      }
      await writable.close().catch(unwritten);
      this.gotBytes = bytes;
    } catch (error) {
      stop.abort(error); // whatever it was: no more of it is wanted
      await writable.abort().catch(() => {});
      throw error;
    } finally {
      meter?.close();
    }
  }
}

type Piece = Uint8Array<ArrayBuffer>;

/** null at the end. A connection that breaks is no end. */
async function read(reader: ReadableStreamDefaultReader<Piece>, signal: AbortSignal): Promise<Piece | null> {
  try {
    const { done, value } = await reader.read();
    return done ? null : value;
  } catch {
    signal.throwIfAborted();
    throw new Problem(0, { code: "unreachable" });
  }
}

function unwritten(error: unknown): never {
  console.warn(error);
  throw new Unwritten();
}

export const exporting = new Exporting();
