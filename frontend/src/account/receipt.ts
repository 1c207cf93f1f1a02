/** The log's word that something was erased, as soon as it is finished and signed. */

import { log } from "../api/log";
import { Problem } from "../api/problem";

const AGAIN_MS = 2_000;
const WITHIN_MS = 90_000;

/** The signed note; null: the log has none. A Problem: `not_ready` when it took too long. With `signal`'s reason when
 * nobody wants it any more. */
export async function receiptOf(position: number, signal: AbortSignal): Promise<string | null> {
  const untilMs = performance.now() + WITHIN_MS;
  for (;;) {
    try {
      return await log.receipt(position);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503) throw error;
      if (performance.now() > untilMs) throw new Problem(503, { code: "not_ready" });
    }
    await pause(AGAIN_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
