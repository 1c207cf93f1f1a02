import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";

const log = vi.hoisted(() => ({ answers: [] as unknown[], asked: [] as number[] }));

vi.mock("../api/log", () => ({
  log: {
    receipt: async (position: number) => {
      log.asked.push(position);
      const answer = log.answers.length > 1 ? log.answers.shift() : log.answers[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  },
}));

const { receiptOf } = await import("./receipt");
const NOT_YET = new Problem(503, { code: "busy" });

beforeEach(() => {
  vi.useFakeTimers();
  log.asked = [];
});
afterEach(() => vi.useRealTimers());

async function outcome(wanted: Promise<string | null>): Promise<unknown> {
  const settled = wanted.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return settled;
}

test("it is waited for until it is finished and signed", async () => {
  log.answers = [NOT_YET, NOT_YET, "a note"];
  expect(await outcome(receiptOf(7, new AbortController().signal))).toBe("a note");
  expect(log.asked).toEqual([7, 7, 7]);
});

test("where there is none, nobody waits", async () => {
  log.answers = [null];
  expect(await outcome(receiptOf(7, new AbortController().signal))).toBe(null);
  expect(log.asked).toEqual([7]);
});

test("it is not waited for without end", async () => {
  log.answers = [NOT_YET];
  expect(await outcome(receiptOf(7, new AbortController().signal))).toMatchObject({ code: "not_ready" });
  expect(log.asked.length).toBeLessThan(60);
});

test("nobody asks any more once nobody wants it", async () => {
  log.answers = [NOT_YET];
  const gone = new AbortController();
  const wanted = receiptOf(7, gone.signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1_000);
  gone.abort();
  expect(await wanted).toBe(gone.signal.reason);
  await vi.runAllTimersAsync();
  expect(log.asked).toEqual([7]);
});
