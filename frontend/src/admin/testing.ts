/** An overview of a Strongroom where all is well, for tests. */

import type { FailedJob, Overview } from "./operator.svelte";

const AT = "2026-11-23T12:00:00.000000Z";

export const JOB: FailedJob = {
  job_id: "b61225da-60c6-4c7e-8ff6-b8a32fe05b41",
  queue: "uploads",
  actor: "store_file",
  file_id: "01a2084b-4003-7945-8221-d89e76904241",
  failed_at: AT,
  error: "SpoolBroken",
  tries: 6,
  way: "retry",
};

type There<Part extends keyof Overview> = NonNullable<Overview[Part]>;

export const LOG: There<"log"> = { position: 9, size_bytes: 100_000, unsigned_since: null };

export const TABLE: There<"projections">[number] = {
  name: "user_data",
  position: 9,
  lag: 0,
  behind_since: null,
  size_bytes: 100_000,
};

export const JOBS: There<"jobs"> = {
  reported_at: AT,
  old: false,
  queues: [{ name: "uploads", working: true, waiting: 0, taken: 0, delayed: 0, failed: 0, oldest_at: null }],
  failed: [],
  failed_count: 0,
  lost_count: 0,
};

export const STORAGE: There<"storage"> = {
  total_bytes: 1e12,
  free_bytes: 5e11,
  reserve_bytes: 1e8,
  uploads: 0,
  upload_bytes: 0,
  count: null,
};

export const WELL: Overview = {
  at: AT,
  version: "1.0.0",
  running_since: AT,
  health: { missing: [], warnings: [], stopped: null },
  log: LOG,
  accounts: 1,
  keyring_generation: 4,
  projections: [TABLE],
  jobs: JOBS,
  storage: STORAGE,
  checkpoint: { size: 9, published_at: AT, cosigners: [] },
  backup: {
    name: "2026-11-23T03-00",
    finished_at: "2026-11-23T03:00:00.000000Z",
    log_size: 8,
    folder: "/backups/data",
    keyrings: "/backups/keys",
    faults: 0,
    within_horizon: true,
  },
  settings: {
    registration: "open",
    quota_bytes: 1e11,
    max_file_bytes: 5e9,
    api_processes: 2,
    worker_threads: 2,
    session_days: 30,
    backup_horizon_days: 30,
    transcribe: "off",
    witnesses: 0,
  },
};
