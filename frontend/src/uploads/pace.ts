/** How fast bytes go, looked at over the last seconds, and whether they still go at all. */

const OVER_MS = 5_000;
const SURE_AFTER_MS = 500;
const TELL_EVERY_MS = 200;
const TICK_MS = 1_000;
const STALLED_AFTER_MS = 90_000; // a dead connection says nothing; slow ones swallow a buffer at a time

export class Pace {
  #samples: { atMs: number; bytes: number }[] = [];

  /** `bytes` of all have gone by now. */
  add(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#samples = []; // the server had less of it than had left
    this.#samples.push({ atMs: nowMs, bytes });
    while (this.#samples.length > 2 && nowMs - (this.#samples[1]?.atMs ?? nowMs) > OVER_MS) this.#samples.shift();
  }

  /** Bytes a second; 0 while it is not known. */
  rateBps(nowMs: number): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || nowMs - first.atMs < SURE_AFTER_MS) return 0;
    return ((last.bytes - first.bytes) * 1000) / (nowMs - first.atMs);
  }
}

export interface Reading {
  sentBytes: number;
  rateBps: number;
  leftS: number | null;
}

/** Watches one attempt: tells a few times a second, and calls `onStalled` when nothing has moved for too long. */
export class Meter {
  #pace = new Pace();
  #sentBytes: number | null = null;
  #movedAtMs = performance.now();
  #toldAtMs = -Infinity;
  #ticking: ReturnType<typeof setInterval>;

  constructor(
    private readonly totalBytes: number,
    private readonly tell: (reading: Reading) => void,
    onStalled: () => void,
  ) {
    this.#ticking = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs - this.#movedAtMs > STALLED_AFTER_MS) onStalled();
      else if (this.#sentBytes !== null) this.#say(this.#sentBytes, nowMs);
    }, TICK_MS);
  }

  moved(sentBytes: number): void {
    const nowMs = performance.now();
    this.#sentBytes = sentBytes;
    this.#movedAtMs = nowMs;
    if (nowMs - this.#toldAtMs >= TELL_EVERY_MS || sentBytes === this.totalBytes) this.#say(sentBytes, nowMs);
  }

  close(): void {
    clearInterval(this.#ticking);
  }

  #say(sentBytes: number, nowMs: number): void {
    this.#toldAtMs = nowMs;
    this.#pace.add(sentBytes, nowMs);
    const rateBps = this.#pace.rateBps(nowMs);
    this.tell({ sentBytes, rateBps, leftS: rateBps > 0 ? (this.totalBytes - sentBytes) / rateBps : null });
  }
}
