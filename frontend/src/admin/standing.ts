/** What of an overview wants somebody's attention, as sentences: the worst first. */

import type { Overview } from "./operator.svelte";
import { w } from "./words";

const DAY_MS = 86_400_000;

export interface Standing {
  /** `unwell`: people may not be let in; `look`: they are, and something is to be done all the same. */
  kind: "well" | "look" | "unwell";
  notes: string[];
}

export function standing(overview: Overview): Standing {
  const { health, storage, jobs } = overview;
  const missing = health.missing.map((name) => w.health.missing[name] ?? name);
  const notes = [
    ...health.warnings.map((name) => w.health.missing[name] ?? name),
    ...(storage.free_bytes < storage.reserve_bytes ? [w.health.disk] : []),
    ...(jobs.failed_count > 0 ? [w.health.failed(jobs.failed_count)] : []),
    ...ofBackup(overview),
  ];
  const kind = missing.length > 0 ? "unwell" : notes.length > 0 ? "look" : "well";
  return { kind, notes: [...missing, ...notes] };
}

/** None, too old, or of a folder that lacked something. */
export function ofBackup({ backup, at }: Overview): string[] {
  if (backup === null) return [w.health.noBackup];
  const faulty = backup.faults > 0 ? [w.health.faultyBackup] : [];
  if (!backup.within_horizon) return [w.health.staleBackup, ...faulty];
  return Date.parse(at) - Date.parse(backup.finished_at) > DAY_MS ? [w.health.oldBackup, ...faulty] : faulty;
}
