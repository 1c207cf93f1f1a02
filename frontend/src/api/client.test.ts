import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** The page's addresses have no host; outside of a browser a request needs one. */
class PageRequest extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === "string" ? new URL(input, "http://strongroom.test") : input, init);
  }
}

vi.stubGlobal("Request", PageRequest);
const { addresses, answering, call, client, whenSessionEnds } = await import("./client"); // which takes the Request that is there

/** A server: each request takes the next answer, the last one again and again. */
let answers: ((request: Request) => Promise<Response>)[] = [];
let asked = 0;

/** A body that comes in pieces, `everyMs` apart, and breaks off at the end or not. */
function slow({ signal }: Request, pieces: string[], everyMs: number, broken = false): Response {
  const body = new ReadableStream({
    async start(controller) {
      signal.addEventListener("abort", () => controller.error(signal.reason));
      for (const piece of pieces) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
        controller.enqueue(new TextEncoder().encode(piece));
      }
      if (broken) controller.error(new TypeError("network error"));
      else controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "application/json" } });
}

/** Never answers, and stops when it is told to. */
function silence({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

const sessions = () => call(client.GET("/auth/sessions"));

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  vi.stubGlobal("fetch", (request: Request) => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    return answer?.(request);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a body may take longer than the answer to begin", async () => {
  answers = [async (request) => slow(request, ['{"sess', 'ions":', "[]}"], 15_000)];
  const asking = sessions();
  await vi.advanceTimersByTimeAsync(45_000);
  expect(await asking).toEqual({ sessions: [] });
  expect(asked).toBe(1);
});

test("a body that is cut off is asked for again", async () => {
  answers = [async (request) => slow(request, ['{"sess'], 1, true), async (request) => slow(request, ['{"sessions":[]}'], 1)];
  const asking = sessions();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await asking).toEqual({ sessions: [] });
  expect(asked).toBe(2);
  expect(answering()).toBe(true);
});

test("one that is cut off again and again means that nobody can be reached", async () => {
  answers = [async (request) => slow(request, ['{"sess'], 1, true)];
  const asking = expect(sessions()).rejects.toMatchObject({ code: "unreachable", passing: true });
  await vi.advanceTimersByTimeAsync(10_000);
  await asking;
  expect(asked).toBe(3);
  expect(answering()).toBe(false);
});

test("no answer at all within 20 s is given up, three times", async () => {
  answers = [silence];
  const asking = expect(sessions()).rejects.toMatchObject({ code: "unreachable" });
  await vi.advanceTimersByTimeAsync(62_000);
  await asking;
  expect(asked).toBe(3);
});

test("what changes something is not sent twice by itself", async () => {
  answers = [async (request) => slow(request, ["{"], 1, true)];
  const asking = expect(call(client.DELETE("/auth/sessions"))).rejects.toMatchObject({ code: "unreachable" });
  await vi.advanceTimersByTimeAsync(10_000);
  await asking;
  expect(asked).toBe(1);
});

test("a proxy's page where JSON was due is unintelligible", async () => {
  answers = [async () => new Response("<html>")];
  await expect(sessions()).rejects.toMatchObject({ code: "unintelligible" });
});

test("an answer without a body is an answer", async () => {
  answers = [async () => new Response(null, { status: 204 })];
  expect(await call(client.POST("/auth/logout"))).toBeUndefined();
});

test("the stream goes on after a position", () => {
  expect(addresses.stream(null)).toBe("/api/v1/stream");
  expect(addresses.stream(7)).toBe("/api/v1/stream?after=7");
});

test.each([
  ["bad_credentials", true],
  ["bad_code", false],
  ["second_factor_required", false],
])("401 %s means that the session has ended: %s", async (code, ends) => {
  const ended = vi.fn();
  whenSessionEnds(ended);
  answers = [async () => Response.json({ code }, { status: 401, headers: { "Content-Type": "application/problem+json" } })];
  await expect(sessions()).rejects.toMatchObject({ code, body: { code } });
  expect(ended).toHaveBeenCalledTimes(ends ? 1 : 0);
});
