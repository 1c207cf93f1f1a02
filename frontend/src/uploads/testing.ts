/** For tests: a server, a browser's locks and a session that do what they are told. */

import { Problem } from "../api/problem";
import type { StoredFile, User } from "../api/types";
import type { Lifetime } from "../state/session.svelte";
import type { Locks } from "./locks";
import type { Order, Transport } from "./transport";

/** Holds for a condition, at most a second. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let left = 200; !holds(); left -= 1) {
    if (left === 0) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** One request that the server has not answered yet. */
export class Asked {
  open = true;
  constructor(
    readonly order: Order,
    private readonly settle: { resolve: (fileId: string) => void; reject: (reason: unknown) => void },
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.#close(() => settle.reject(signal.reason)));
  }

  begun(url: string): this {
    this.order.onUrl(url);
    return this;
  }

  at(bytes: number): this {
    this.order.onProgress(bytes);
    return this;
  }

  done(fileId: string): void {
    this.#close(() => this.settle.resolve(fileId));
  }

  fail(status: number, code: string): void {
    this.#close(() => this.settle.reject(new Problem(status, { code })));
  }

  #close(settle: () => void): void {
    if (!this.open) return;
    this.open = false;
    settle();
  }
}

export class FakeServer implements Transport {
  asked: Asked[] = [];
  ended: string[] = [];
  looks: Record<string, { offsetBytes: number; fileId: string | null }> = {};

  send(order: Order, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => this.asked.push(new Asked(order, { resolve, reject }, signal)));
  }

  async look(url: string) {
    const found = this.looks[url];
    if (found === undefined) throw new Problem(404, { code: "not_found" });
    return found;
  }

  async end(url: string): Promise<void> {
    this.ended.push(url);
  }

  get open(): Asked[] {
    return this.asked.filter(({ open }) => open);
  }

  /** The newest request for a file, once it is there. */
  async of(name: string, nth = 1): Promise<Asked> {
    const all = () => this.asked.filter(({ order }) => order.metadata.filename === name);
    await until(() => all().length >= nth, `request ${nth} for ${name}`);
    return all()[nth - 1] as Asked;
  }
}

/** The Web Locks of one browser, as far as they are used: exclusive, in the order asked for. */
export class FakeLocks {
  #queues = new Map<string, (() => void)[]>();

  request = ((name: string, options: LockOptions, work: () => unknown): Promise<unknown> => {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return new Promise<unknown>((resolve, reject) => {
      const run = async () => {
        options.signal?.removeEventListener("abort", stop);
        await Promise.resolve();
        try {
          resolve(await work());
        } finally {
          queue.shift();
          queue[0]?.();
        }
      };
      const stop = () => {
        const at = queue.indexOf(run);
        if (at > 0) queue.splice(at, 1);
        if (at !== 0) reject(options.signal?.reason);
      };
      if (options.signal?.aborted) return reject(options.signal.reason);
      options.signal?.addEventListener("abort", stop);
      if (queue.push(run) === 1) void run();
    });
  }) as unknown as Locks["request"];
}

export class FakeSession {
  #joined: Lifetime[] = [];

  join(lifetime: Lifetime): void {
    this.#joined.push(lifetime);
  }

  enter(id: string): void {
    for (const each of this.#joined) each.enter({ id } as User);
  }

  leave(gone: boolean): void {
    for (const each of this.#joined) each.leave(gone);
  }
}

export class FakeFiles {
  rows = new Map<string, StoredFile | null>();
  retried: string[] = [];

  row(fileId: string): StoredFile | null | undefined {
    return this.rows.get(fileId);
  }

  async retry(fileId: string): Promise<void> {
    this.retried.push(fileId);
  }

  put(fileId: string, row: Partial<StoredFile>): void {
    this.rows.set(fileId, { file_id: fileId, ...row } as StoredFile);
  }
}
