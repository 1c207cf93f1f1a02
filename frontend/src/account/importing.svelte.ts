/** An import on its way to the server. It goes on while one looks at other things, and ends with the session. */

import { bringIn, looksZipped } from "../api/archive";
import { Problem, told } from "../api/problem";
import type { ImportAnswer } from "../api/types";
import { chats } from "../state/chats.svelte";
import { session } from "../state/session.svelte";
import { Meter } from "../uploads/pace";

/** Of what cannot be read, the server says exactly what, in a programmer's words. */
const TELLING = new Set(["bad_export"]);

class Importing {
  /** finishing: all of it has left, and is being taken in. */
  stage = $state<"idle" | "sending" | "finishing" | "done" | "stopped" | "failed">("idle");
  file = $state.raw<File | null>(null);
  sentBytes = $state(0);
  rateBps = $state(0);
  leftS = $state<number | null>(null);
  result = $state.raw<ImportAnswer | null>(null);
  problem = $state<string | null>(null);
  detail = $state<string | null>(null);
  /** Whether sending the same file once more may help. */
  again = $state(false);
  #stop: AbortController | null = null;

  readonly busy = $derived(this.stage === "sending" || this.stage === "finishing");

  constructor() {
    session.join({
      enter: () => {},
      leave: () => {
        this.cancel();
        this.#stop = null; // whatever comes of it is nobody's business any more
        this.dismiss();
      },
    });
    addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  choose(file: File): void {
    if (this.busy) return;
    this.file = file;
    void this.send();
  }

  cancel(): void {
    this.#stop?.abort(new Problem(0, { code: "cancelled" }));
  }

  /** Back to the beginning. */
  dismiss(): void {
    this.stage = "idle";
    this.file = this.result = this.problem = this.detail = null;
  }

  /** The file that was chosen, from its beginning: what the server has of it already it passes over. */
  async send(): Promise<void> {
    const { file } = this;
    if (file === null || this.busy) return;
    const stop = (this.#stop = new AbortController());
    this.stage = "sending";
    this.sentBytes = this.rateBps = 0;
    this.leftS = this.result = this.problem = this.detail = null;
    let meter: Meter | null = null;
    try {
      if (!(await looksZipped(file))) throw new Problem(422, { code: "bad_export" });
      meter = this.#meter(file.size, stop);
      const result = await bringIn(file, (bytes) => this.#sent(bytes, file.size, meter), stop.signal);
      if (this.#stop !== stop) return;
      this.result = result;
      this.stage = "done";
    } catch (error) {
      if (this.#stop === stop) this.#failed(error);
    } finally {
      meter?.close();
      if (this.#stop === stop) {
        this.#stop = null;
        if (this.sentBytes > 0 && session.standing === "in") void chats.load(); // those of old carry their own times
      }
    }
  }

  #meter(totalBytes: number, stop: AbortController): Meter {
    return new Meter(
      totalBytes,
      ({ sentBytes, rateBps, leftS }) => {
        this.sentBytes = sentBytes;
        this.rateBps = rateBps;
        this.leftS = leftS;
      },
      () => stop.abort(new Problem(0, { code: "unreachable" })),
    );
  }

  #sent(bytes: number, totalBytes: number, meter: Meter | null): void {
    meter?.moved(Math.min(bytes, totalBytes));
    if (bytes < totalBytes) return;
    meter?.close(); // from here on the server works, and says nothing
    this.stage = "finishing";
  }

  #failed(error: unknown): void {
    const problem = error instanceof Problem ? error : null;
    if (problem?.code === "cancelled") {
      this.stage = "stopped";
      this.again = true;
      return;
    }
    this.stage = "failed";
    this.problem = told(error);
    this.again = problem === null || problem.passing;
    if (problem !== null && TELLING.has(problem.code)) this.detail = problem.body.detail ?? null;
  }
}

export const importing = new Importing();
