import { describe, expect, test } from "vitest";
import { adviceFor, estimator, judge, sizeBytes, withinRule } from "./strength";

describe("the rule of length", () => {
  test("counts bytes of UTF-8 after NFC, as the server does", () => {
    expect(sizeBytes("u\u0308")).toBe(2); // ü, composed
    expect(sizeBytes("🔑")).toBe(4);
  });

  test("is 12 to 1,024", () => {
    expect(withinRule("x".repeat(11))).toBe(false);
    expect(withinRule("x".repeat(12))).toBe(true);
    expect(withinRule("🔑🔑🔑")).toBe(true);
    expect(withinRule("x".repeat(1024))).toBe(true);
    expect(withinRule("x".repeat(1025))).toBe(false);
  });
});

describe("a new password", () => {
  test.each([
    ["password1234", 1, "common"],
    ["qwertyuiop[]", 1, "keys"],
    ["aaaaaaaaaaaaaa", 1, "repeats"],
    ["somebody1234", 1, "yours"],
    ["three calm otters drift", 4, "fine"],
  ] as const)("%j is of level %i: %s", async (password, level, advice) => {
    expect(judge(await estimator(), password, ["somebody", "some@example.org"])).toEqual({ level, advice });
  });

  test("made to hold the estimator is judged in a moment all the same", async () => {
    const zxcvbn = await estimator();
    const started = performance.now();
    judge(zxcvbn, "p4$$w0rd".repeat(128), []);
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});

test("every hint leads to a sentence", () => {
  expect(adviceFor(null, ["l33t"])).toBe("tricks");
  expect(adviceFor(null, [])).toBe("longer");
  expect(adviceFor("a warning of a later version", [])).toBe("longer");
});
