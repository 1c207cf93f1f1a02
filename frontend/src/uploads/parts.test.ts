import { expect, test } from "vitest";
import { Problem } from "../api/problem";
import { sentName, sentType } from "./names";
import { Pace } from "./pace";
import { pauseMs, Pauses } from "./pauses";
import { judge } from "./transport";

test("names are sent as the server takes them", () => {
  expect(sentName("Urlaub 2026 é.jpg")).toBe("Urlaub 2026 é.jpg");
  expect(sentName("Screenshot 10.00\u202fAM.png")).toBe("Screenshot 10.00 AM.png");
  expect(sentName("evil\u202egpj.exe")).toBe("evilgpj.exe");
  expect(sentName("two\nlines.txt")).toBe("two lines.txt");
  expect(sentName("می\u200cخواهم 👨\u200d👩\u200d👧.pdf")).toBe("می\u200cخواهم 👨\u200d👩\u200d👧.pdf");
  expect(sentName("\u200b")).toBe("upload");
  expect(sentName(" \u200d")).toBe("upload");
  expect(sentName("\ud800.txt")).toBe(".txt");
  expect(Array.from(sentName(`${"😀".repeat(300)}.jpeg`))).toHaveLength(255);
  expect(sentName(`${"x".repeat(300)}.jpeg`)).toMatch(/x\.jpeg$/);
});

test("only what can be a media type is sent as one", () => {
  expect([sentType("text/plain"), sentType("ü"), sentType("x".repeat(300))]).toEqual(["text/plain", "", ""]);
});

test("the rate is that of the last seconds", () => {
  const pace = new Pace();
  pace.add(0, 0);
  expect(pace.rateBps(100)).toBe(0);
  for (let second = 1; second <= 10; second += 1) pace.add(1000 * second, 1000 * second);
  expect(pace.rateBps(10_000)).toBe(1000);
  for (let second = 11; second <= 17; second += 1) pace.add(10_000, 1000 * second);
  expect(pace.rateBps(17_000)).toBe(0);
  pace.add(4_000, 18_000);
  expect(pace.rateBps(18_000)).toBe(0);
});

test("pauses grow to half a minute, and keep what the server asks for", () => {
  for (const [failures, meanMs] of [[1, 1000], [2, 2000], [4, 8000], [6, 30_000], [60, 30_000]] as const) {
    const pause = pauseMs(failures, null);
    expect(pause).toBeGreaterThanOrEqual(0.75 * meanMs);
    expect(pause).toBeLessThanOrEqual(1.25 * meanMs);
  }
  expect(pauseMs(1, 20)).toBe(20_000);
});

test("a pause can be cut short, and stopped", async () => {
  const pauses = new Pauses();
  const stop = new AbortController();
  const [woken, stopped] = [pauses.sleep(60_000, new AbortController().signal), pauses.sleep(60_000, stop.signal)];
  stop.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  pauses.wakeAll();
  expect(await woken).toBe(true);
  expect(await pauses.sleep(1, new AbortController().signal)).toBe(false);
});

test.each([
  [0, true, 1, "again"],
  [503, true, 100, "again"],
  [409, true, 100, "again"],
  [423, true, 100, "again"],
  [429, false, 100, "again"],
  [500, true, 8, "again"],
  [500, true, 9, "refused"],
  [404, true, 1, "anew"],
  [410, true, 1, "anew"],
  [404, false, 1, "refused"],
  [413, true, 1, "refused"],
  [422, false, 1, "refused"],
  [507, true, 1, "refused"],
])("status %i (begun: %s, failure %i): %s", (status, begun, failures, next) => {
  expect(judge(new Problem(status, { code: "x" }), begun, failures).next).toBe(next);
});
