import { beforeAll, describe, expect, test } from "vitest";
import { Problem } from "../api/problem";
import { t, texts } from "../texts/texts.svelte";
import { looksLikeAddress, looksLikeName, looksWhole, refused } from "./faults";

const NAMES = ["username", "password"] as const;

beforeAll(() => texts.rest());

describe("a refusal", () => {
  test("of single fields stands beside them, in the page's own words", () => {
    const problem = new Problem(422, {
      code: "validation_failed",
      errors: [{ field: "username", message: "Expected `str` of length >= 3" }],
    });
    expect(refused(problem, NAMES, {})).toEqual({ fields: { username: t.entrance.faults.username }, alert: null });
  });

  test("whose code is about one field stands beside it", () => {
    const problem = new Problem(409, { code: "username_taken" });
    expect(refused(problem, NAMES, { username_taken: "username" })).toEqual({
      fields: { username: t.problems.codes.username_taken },
      alert: null,
    });
  });

  test("is said in the form's own sentence where it has one", () => {
    const problem = new Problem(401, { code: "bad_credentials" });
    const { fields, alert } = refused(problem, NAMES, { bad_credentials: ["password", t.entrance.faults.signIn] });
    expect(fields).toEqual({ password: t.entrance.faults.signIn });
    expect(alert).toBeNull();
  });

  test("of a field that the form does not have is not lost", () => {
    const problem = new Problem(422, { code: "validation_failed", errors: [{ field: "cookie", message: "?" }] });
    expect(refused(problem, NAMES, {})).toEqual({ fields: {}, alert: t.problems.codes.validation_failed });
  });

  test("for too many tries says when to come again", () => {
    const { alert } = refused(new Problem(429, { code: "rate_limited" }, 61), NAMES, {});
    expect(alert).toBe(`${t.problems.codes.rate_limited} ${t.problems.again(61)}`);
    expect(alert).toContain("2 minutes");
  });
});

test.each([
  ["R56B-NTQP-344D-75C7-EV4D-MT8Z-65P7-ZPQ1", true],
  ["r56b ntqp 344d 75c7 ev4d mt8z 65p7 zpq1", true],
  ["r56bntqp344d75c7ev4dmt8z65p7zpq1", true],
  ["OIL0-OIL0-OIL0-OIL0-OIL0-OIL0-OIL0-OIL0", true], // read as 0 and 1 by the server
  ["R56B-NTQP-344D-75C7-EV4D-MT8Z-65P7", false],
  ["U56B-NTQP-344D-75C7-EV4D-MT8Z-65P7-ZPQ1", false], // no code has a U
  ["", false],
])("a recovery code typed as %j is whole: %s", (code, whole) => {
  expect(looksWhole(code)).toBe(whole);
});

test("names and addresses are held to the server's rules", () => {
  expect(["abc", "a.b-c_9", "x".repeat(64)].every(looksLikeName)).toBe(true);
  expect(["ab", "a b c", "jürgen", "x".repeat(65), "<img>"].some(looksLikeName)).toBe(false);
  expect(["a@b", "a+b@c.d"].every(looksLikeAddress)).toBe(true);
  expect(["a", "@b", "a@", "a@b@c", "a b@c"].some(looksLikeAddress)).toBe(false);
});
