/** Pauses between tries: growing, and cut short when the connection is back. */

const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** After the so-and-so-manieth failure in a row (1, 2, …), not before what the server asked for. Spread a little, so
 * that those who failed together do not come back together. */
export function pauseMs(failures: number, retryAfterS: number | null): number {
  const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0;
  return Math.max(pause * (0.75 + Math.random() / 2), 1_000 * (retryAfterS ?? 0));
}

export class Pauses {
  #sleepers = new Set<(woken: true) => void>();

  /** True when it was woken before its time. Rejects with `signal`'s reason. */
  sleep(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        signal.removeEventListener("abort", stop);
        settle();
      };
      const wake = () => end(() => resolve(true));
      const stop = () => end(() => reject(signal.reason));
      const timer = setTimeout(() => end(() => resolve(false)), ms);
      this.#sleepers.add(wake);
      signal.addEventListener("abort", stop);
    });
  }

  wakeAll(): void {
    for (const wake of this.#sleepers) wake(true);
  }
}
