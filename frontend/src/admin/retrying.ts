/** How asking for a job to be done again ended, as a sentence. */

import type { Fault } from "./operator.svelte";
import { w } from "./words";

export function said(fault: Fault | null): string {
  switch (fault) {
    case null:
      return w.queue.asked;
    case "gone":
      return w.queue.gone;
    case "unreachable":
      return w.queue.notAsked + w.faults.unreachable;
    case "refused":
      return w.queue.notAsked + w.faults.refused;
    case "other":
      return w.queue.notAsked + w.faults.other;
  }
}
