/** What of an overview wants somebody's attention, as sentences: the worst first. */

import type { Overview } from "./operator.svelte";
import { w } from "./words";

const DAY_MS = 86_400_000;
/** Tables and checkpoints follow the log within a second, under load within some; a witness may take ten. */
const BEHIND_MS = 60_000;

export interface Standing {
  /** `shut`: people may not be let in; `unwell`: they are, and something does not work; `look`: everything does, and
   * something is to be done all the same. */
  kind: "well" | "look" | "unwell" | "shut";
  notes: string[];
}

export function standing(overview: Overview): Standing {
  const missing = overview.health.missing.map(named);
  const broken = [...unreadable(overview), ...behind(overview)];
  const notes = [...overview.health.warnings.map(named), ...ofStorage(overview), ...ofJobs(overview), ...ofBackup(overview)];
  const kind = missing.length > 0 ? "shut" : broken.length > 0 ? "unwell" : notes.length > 0 ? "look" : "well";
  return { kind, notes: [...missing, ...broken, ...notes] };
}

/** None, too old, or of a folder that lacked something. */
export function ofBackup({ backup, at }: Overview): string[] {
  if (backup === null) return [w.health.noBackup];
  const faulty = backup.faults > 0 ? [w.health.faultyBackup] : [];
  if (!backup.within_horizon) return [w.health.staleBackup, ...faulty];
  return Date.parse(at) - Date.parse(backup.finished_at) > DAY_MS ? [w.health.oldBackup, ...faulty] : faulty;
}

function named(name: string): string {
  return w.health.missing[name] ?? name;
}

function unreadable({ health, log, accounts, keyring_generation, projections, jobs, storage }: Overview): string[] {
  const keyring = accounts === null || keyring_generation === null;
  return [
    ...(log === null ? [w.health.unreadable.log] : []),
    ...(keyring && !health.missing.includes("keyring") ? [named("keyring")] : []),
    ...(projections === null || projections.some(({ position }) => position === null) ? [w.health.unreadable.tables] : []),
    ...(jobs === null ? [w.health.unreadable.jobs] : []),
    ...(storage === null ? [w.health.unreadable.disk] : []),
    ...(storage?.uploads === null ? [w.health.unreadable.uploads] : []),
  ];
}

/** What does not follow, whoever says that they are alive. */
function behind({ at, health, log, projections, jobs }: Overview): string[] {
  const long = (since: string | null | undefined) => since != null && Date.parse(at) - Date.parse(since) > BEHIND_MS;
  const told = health.missing.includes("queue"); // Then nobody can report.
  return [
    ...(jobs?.old === true && !told ? [jobs.reported_at === null ? w.health.neverReported : w.health.silentWorker] : []),
    ...(long(log?.unsigned_since) ? [w.health.unsigned] : []),
    ...(projections?.some(({ behind_since }) => long(behind_since)) === true ? [w.health.behind] : []),
  ];
}

function ofStorage({ storage }: Overview): string[] {
  return storage !== null && storage.free_bytes < storage.reserve_bytes ? [w.health.disk] : [];
}

/** Those that nobody can do again ask nobody to look. */
function ofJobs({ jobs }: Overview): string[] {
  const failed = jobs === null ? 0 : jobs.failed_count - jobs.lost_count;
  return failed > 0 ? [w.health.failed(failed)] : [];
}
