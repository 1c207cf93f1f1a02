/** What carries bytes to the server, and what of its failures passes by itself. */

import { Problem } from "../api/problem";

export interface Order {
  bytes: Blob;
  url: string | null; // where the server has begun to receive it; null begins anew
  key: string; // the same key begins the same upload, however often it is asked for
  metadata: Record<string, string>;
  onUrl(url: string): void;
  /** `sentBytes` of all have left the browser; the first call tells how many the server has for sure. */
  onProgress(sentBytes: number): void;
}

export interface Transport {
  /** The file's id, once the server has acknowledged every byte. Rejects with a Problem; with `signal`'s reason when
   * stopped, which leaves on the server what has arrived. */
  send(order: Order, signal: AbortSignal): Promise<string>;
  /** How far the server has received it: the file's id if it has all. Rejects with a Problem. */
  look(url: string): Promise<{ offsetBytes: number; fileId: string | null }>;
  /** Ends an upload on the server. What cannot be ended now expires there. Never rejects. */
  end(url: string): Promise<void>;
}

/** What a failure asks for. `everybody`: other uploads would fail in the same way. */
export type Verdict =
  | { next: "again"; waitsFor: "connection" | "server"; everybody: boolean }
  | { next: "anew" } // the server has nothing of it any more
  | { next: "refused" };

const PATIENCE = 8; // tries in a row that the server answers with a fault of its own

/** `begun`: the server had given an address. `failures`: in a row, this one included. */
export function judge(problem: Problem, begun: boolean, failures: number): Verdict {
  switch (problem.status) {
    case 0:
    case 502:
    case 504:
      return { next: "again", waitsFor: "connection", everybody: true };
    case 503:
      return { next: "again", waitsFor: "server", everybody: true };
    case 404:
    case 410:
      return begun ? { next: "anew" } : { next: "refused" };
    case 408:
    case 409: // another connection has taken over, or stood elsewhere: the next look tells
    case 423:
    case 425:
    case 429:
      return { next: "again", waitsFor: "server", everybody: false };
    case 507:
      return { next: "refused" };
    default:
      if (problem.status < 500 || failures > PATIENCE) return { next: "refused" };
      return { next: "again", waitsFor: "server", everybody: false };
  }
}
