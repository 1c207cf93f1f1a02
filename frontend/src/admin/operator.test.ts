// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EVERY_MS, Operator } from "./operator.svelte";
import { JOB, WELL } from "./testing";

const TOKEN = "t".repeat(43);
let asked: Request[];
let answer: () => Response;
let operator: Operator;

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
}

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answer = () => json(200, WELL);
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request);
    return answer();
  });
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("visible");
  operator = new Operator();
});

afterEach(() => {
  operator.lock();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("the token opens the page, and goes with each question instead of a cookie", async () => {
  expect(await operator.open(` ${TOKEN}\n`)).toBe(true);
  expect(operator.overview).toEqual(WELL);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(asked).toHaveLength(2);
  for (const request of asked) {
    expect(request.headers.get("Authorization")).toBe(`Bearer ${TOKEN}`);
    expect(request.credentials).toBe("omit");
  }
});

test("nothing of it is kept in the browser", async () => {
  await operator.open(TOKEN);
  expect(JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])).not.toContain(TOKEN);
  expect(JSON.stringify(operator)).not.toContain(TOKEN);
});

test("another token opens nothing, and nothing goes on asking", async () => {
  answer = () => json(401, { code: "bad_credentials" });
  expect(await operator.open("x")).toBe(false);
  expect(operator.fault).toBe("refused");
  await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
  expect(asked).toHaveLength(1);
});

test("a token that is not the server's any more locks the page", async () => {
  await operator.open(TOKEN);
  answer = () => json(401, { code: "bad_credentials" });
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect([operator.overview, operator.fault]).toEqual([null, "refused"]);
});

test("a server that does not answer leaves what was told, says so, and is asked again", async () => {
  await operator.open(TOKEN);
  answer = () => {
    throw new TypeError("no connection");
  };
  await vi.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect([operator.overview, operator.fault]).toEqual([WELL, "unreachable"]);
  answer = () => json(200, { ...WELL, accounts: 7 });
  await vi.advanceTimersByTimeAsync(3 * EVERY_MS);
  expect([operator.overview?.accounts, operator.fault]).toEqual([7, null]);
});

test("while nobody looks nothing is asked, and at once when somebody does", async () => {
  await operator.open(TOKEN);
  const visible = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
  expect(asked).toHaveLength(1);
  visible.mockReturnValue("visible");
  operator.seen();
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(2);
});

test("an answer that comes after the page was locked is not shown", async () => {
  const opening = operator.open(TOKEN);
  operator.lock();
  expect(await opening).toBe(false);
  expect(operator.overview).toBeNull();
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(asked).toHaveLength(1);
});

test("a job is asked for, and how it went is asked soon", async () => {
  await operator.open(TOKEN);
  answer = () => json(202, { jobs: 1, others: 0 });
  expect(await operator.retry(JOB.job_id)).toEqual({ jobs: 1, others: 0 });
  expect(new URL(asked[1]?.url ?? "").pathname).toBe(`/api/v1/admin/jobs/${JOB.job_id}/retry`);
  answer = () => json(200, WELL);
  await vi.advanceTimersByTimeAsync(EVERY_MS / 2);
  expect(asked).toHaveLength(3);
});

test.each([
  [404, "not_found", "gone"],
  [409, "not_retryable", "unretryable"],
  [401, "bad_credentials", "refused"],
  [503, "busy", "busy"],
  [507, "storage_full", "full"],
  [504, "upstream", "unreachable"],
  [500, "internal", "other"],
])("a job that cannot be asked for (%d %s) says why: %s", async (status, code, fault) => {
  await operator.open(TOKEN);
  answer = () => json(status, { code });
  expect(await operator.retry(JOB.job_id)).toBe(fault);
  expect(await operator.retryAll()).toBe(fault);
});

test("all of them tell how many they were", async () => {
  await operator.open(TOKEN);
  answer = () => json(202, { jobs: 12, others: 3 });
  expect(await operator.retryAll()).toEqual({ jobs: 12, others: 3 });
});
