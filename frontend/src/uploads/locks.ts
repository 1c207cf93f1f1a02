/** Whose turn it is, over all tabs of the browser, by Web Locks: a tab that dies gives back what it held. */

export type Locks = Pick<LockManager, "request">;
export type Release = () => void;

/** The first of the names that becomes free, held until released. Rejects when `signal` is aborted before that. */
export function hold(locks: Locks | null, names: readonly string[], signal: AbortSignal): Promise<Release> {
  if (locks === null) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const enough = new AbortController();
    for (const name of names) {
      locks
        .request(name, { signal: AbortSignal.any([signal, enough.signal]) }, () => {
          if (enough.signal.aborted) return undefined; // another one was free at the same time
          enough.abort();
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject); // after the first it changes nothing
    }
  });
}

interface Waiting {
  signal: AbortSignal;
  resolve: (release: Release) => void;
}

/** A few turns for all tabs together; where there are no locks, for this tab. Given out in the order asked. */
export class Slots {
  #names: string[];
  #queue: Waiting[] = [];
  #asking = false;
  #held = 0; // in this tab

  constructor(
    private readonly locks: Locks | null,
    name: string,
    count: number,
  ) {
    this.#names = Array.from({ length: count }, (_, number) => `${name}.${number}`);
  }

  /** Rejects with `signal`'s reason when it is aborted while waiting. */
  take(signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const waiting = { signal, resolve };
      this.#queue.push(waiting);
      signal.addEventListener(
        "abort",
        () => {
          this.#queue = this.#queue.filter((other) => other !== waiting);
          reject(signal.reason);
        },
        { once: true },
      );
      void this.#give();
    });
  }

  async #give(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#queue.length > 0 && this.#held < this.#names.length) {
      const release = await hold(this.locks, this.#names, new AbortController().signal).catch(() => () => {});
      const next = this.#queue.shift();
      if (next === undefined) {
        release();
        break;
      }
      this.#held += 1;
      let given = true;
      next.resolve(() => {
        if (!given) return;
        given = false;
        this.#held -= 1;
        release();
        void this.#give();
      });
    }
    this.#asking = false;
  }
}
