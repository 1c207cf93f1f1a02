import { expect, test } from "vitest";
import type { Overview } from "./operator.svelte";
import { ofBackup, standing } from "./standing";
import { JOBS, LOG, STORAGE, TABLE, WELL } from "./testing";
import { w } from "./words";

const { backup } = WELL;

test("where nothing is wrong, nothing is said", () => {
  expect(standing(WELL)).toEqual({ kind: "well", notes: [] });
});

test("what keeps people out comes first, and names it does not know are shown as they are", () => {
  const health = { missing: ["queue", "something:new"], warnings: ["log:witness"], stopped: null };
  const { kind, notes } = standing({ ...WELL, health });
  expect(kind).toBe("shut");
  expect(notes).toEqual([w.health.missing["queue"], "something:new", w.health.missing["log:witness"]]);
});

test.each<[string, Partial<Overview>, () => string]>([
  ["jobs were given up", { jobs: { ...JOBS, failed_count: 3, lost_count: 1 } }, () => w.health.failed(2)],
  ["the disk is full", { storage: { ...STORAGE, free_bytes: 1 } }, () => w.health.disk],
  ["there is no backup", { backup: null }, () => w.health.noBackup],
  ["the backup is of the day before yesterday", { at: "2026-11-24T03:00:01.000000Z" }, () => w.health.oldBackup],
])("%s: somebody should look", (_, changed, note) => {
  expect(standing({ ...WELL, ...changed })).toEqual({ kind: "look", notes: [note()] });
});

test("jobs that nobody can do again ask nobody to look", () => {
  expect(standing({ ...WELL, jobs: { ...JOBS, failed_count: 2, lost_count: 2 } }).kind).toBe("well");
});

const A_MINUTE_BEFORE = "2026-11-23T11:58:59.000000Z";

test.each<[string, Partial<Overview>, () => string]>([
  ["the worker that tells hangs", { jobs: { ...JOBS, old: true } }, () => w.health.silentWorker],
  ["no worker has ever told", { jobs: { ...JOBS, old: true, reported_at: null } }, () => w.health.neverReported],
  ["nothing is signed", { log: { ...LOG, unsigned_since: A_MINUTE_BEFORE } }, () => w.health.unsigned],
  ["the tables stay behind", { projections: [{ ...TABLE, lag: 1, behind_since: A_MINUTE_BEFORE }] }, () => w.health.behind],
  ["the log cannot be read", { log: null }, () => w.health.unreadable.log],
  ["the keyring cannot be read", { accounts: null, keyring_generation: null }, () => w.health.missing["keyring"] ?? ""],
  ["the tables cannot be read", { projections: [{ ...TABLE, position: null, lag: null }] }, () => w.health.unreadable.tables],
  ["the queue's report cannot be read", { jobs: null }, () => w.health.unreadable.jobs],
  ["the disk cannot be asked", { storage: null }, () => w.health.unreadable.disk],
  ["the uploads cannot be read", { storage: { ...STORAGE, uploads: null } }, () => w.health.unreadable.uploads],
])("%s: something does not work, whoever says that they are alive", (_, changed, note) => {
  expect(standing({ ...WELL, ...changed })).toEqual({ kind: "unwell", notes: [note()] });
});

test("what has just been appended is neither unsigned nor behind", () => {
  const log = { ...LOG, unsigned_since: WELL.at };
  expect(standing({ ...WELL, log, projections: [{ ...TABLE, lag: 1, behind_since: WELL.at }] }).kind).toBe("well");
});

test("one cause is said once", () => {
  const jobs = { ...JOBS, old: true };
  const health = { missing: ["keyring", "queue"], warnings: [], stopped: null };
  expect(standing({ ...WELL, health, jobs, accounts: null }).notes).toHaveLength(2);
});

test("a backup past the horizon says that, and what it found missing", () => {
  if (backup === null) throw new Error("there is one");
  const old = { ...WELL, backup: { ...backup, within_horizon: false, faults: 3 } };
  expect(ofBackup(old)).toEqual([w.health.staleBackup, w.health.faultyBackup]);
});
