import { expect, test } from "vitest";
import type { Overview } from "./operator.svelte";
import { said } from "./retrying";
import { JOBS, WELL } from "./testing";
import { w } from "./words";

const ONE = { jobs: 1, others: 0 };

function missing(name: string): Overview {
  return { ...WELL, health: { ...WELL.health, missing: [name] } };
}

test("what is asked for is promised to nobody, and to a worker that lives within a second", () => {
  expect(said(ONE, WELL)).toBe("Asked for. A worker takes it within a second.");
});

test.each<[string, Overview]>([
  ["the queue does not answer", missing("queue")],
  ["no worker lives", missing("worker:uploads")],
  ["no worker has told for long", { ...WELL, jobs: { ...JOBS, old: true } }],
])("while %s it waits", (_, overview) => {
  expect(said(ONE, overview)).toBe("Asked for. A worker takes it as soon as the queue answers.");
});

test("of many it says so", () => {
  expect(said({ jobs: 2, others: 0 }, WELL)).toBe("Asked for 2 jobs. A worker takes them within a second.");
});

test("no more is promised than is sure", () => {
  expect(said({ jobs: 0, others: 0 }, WELL)).toBe(w.queue.noneToAsk);
  expect(said({ jobs: 3, others: 7 }, WELL)).toContain("3 jobs and those of 7 older ones that can be done again.");
  expect(said({ jobs: 0, others: 1 }, WELL)).toContain("the older one, if it can be done again.");
});

test("each way of not being asked for is told as what it is", () => {
  const faults = ["gone", "unretryable", "refused", "unreachable", "full", "busy", "other"] as const;
  const sentences = faults.map((fault) => said(fault, WELL));
  expect(new Set(sentences).size).toBe(7);
  expect(said("full", WELL)).toContain("The disk is full.");
  expect(said("unretryable", WELL)).not.toBe(w.queue.gone);
});
