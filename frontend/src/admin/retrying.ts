/** How asking for jobs to be done again ended, as a sentence. Asking hands nothing to anybody: a worker comes for it. */

import type { Fault } from "./faults";
import type { Overview } from "./operator.svelte";
import { w } from "./words";

/** `others`: older ones, of which some may be done again, and nobody has looked. */
export interface Asked {
  jobs: number;
  others: number;
}

export function said(outcome: Fault | Asked, overview: Overview): string {
  if (typeof outcome !== "string") {
    const { jobs, others } = outcome;
    if (jobs + others === 0) return w.queue.noneToAsk;
    return `${w.queue.asked(jobs, others)} ${awaited(overview) ? w.queue.soon(jobs + others) : w.queue.later(jobs + others)}`;
  }
  switch (outcome) {
    case "gone":
      return w.queue.gone;
    case "unretryable":
      return w.queue.unretryable;
    case "unreachable":
      return w.queue.notAsked(w.faults.unreachable);
    case "refused":
      return w.queue.notAsked(w.faults.refused);
    case "full":
      return w.queue.notAsked(w.queue.full);
    case "busy":
      return w.queue.notAsked(w.queue.busy);
    case "other":
      return w.queue.notAsked(w.queue.failedToAsk);
  }
}

/** Whether a worker looks for what is asked. */
function awaited({ jobs, health }: Overview): boolean {
  const away = health.missing.some((name) => name === "queue" || name.startsWith("worker:"));
  return jobs !== null && !jobs.old && !away;
}
