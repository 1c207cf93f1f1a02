import { expect, test } from "vitest";
import type { Overview } from "./operator.svelte";
import { ofBackup, standing } from "./standing";
import { WELL } from "./testing";
import { w } from "./words";

const { backup } = WELL;

test("where nothing is wrong, nothing is said", () => {
  expect(standing(WELL)).toEqual({ kind: "well", notes: [] });
});

test("what keeps people out comes first, and names it does not know are shown as they are", () => {
  const health = { missing: ["queue", "something:new"], warnings: ["log:witness"], stopped: null };
  const { kind, notes } = standing({ ...WELL, health });
  expect(kind).toBe("unwell");
  expect(notes).toEqual([w.health.missing["queue"], "something:new", w.health.missing["log:witness"]]);
});

test.each<[string, Partial<Overview>, () => string]>([
  ["jobs were given up", { jobs: { ...WELL.jobs, failed_count: 2 } }, () => w.health.failed(2)],
  ["the disk is full", { storage: { ...WELL.storage, free_bytes: 1 } }, () => w.health.disk],
  ["there is no backup", { backup: null }, () => w.health.noBackup],
  ["the backup is of the day before yesterday", { at: "2026-11-24T03:00:01.000000Z" }, () => w.health.oldBackup],
])("%s: somebody should look", (_, changed, note) => {
  expect(standing({ ...WELL, ...changed })).toEqual({ kind: "look", notes: [note()] });
});

test("a backup past the horizon says that, and what it found missing", () => {
  if (backup === null) throw new Error("there is one");
  const old = { ...WELL, backup: { ...backup, within_horizon: false, faults: 3 } };
  expect(ofBackup(old)).toEqual([w.health.staleBackup, w.health.faultyBackup]);
});
