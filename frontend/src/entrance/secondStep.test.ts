import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem, type Refusal } from "../api/problem";
import type { Proof } from "./entering";
import { compact, looksLikeCode, SecondStep, type Way } from "./secondStep";

const device = vi.hoisted(() => ({ asked: [] as string[] }));
vi.mock("../lib/webauthn", () => ({
  usePasskey: async ({ challenge }: { challenge: string }) => {
    device.asked.push(challenge);
    return { credential: `signed ${challenge}`, prf: null };
  },
}));

const sent: Proof[] = [];
let challenges = 0;

function required(factors: string[], passkey = true): Problem {
  const options = passkey ? { passkey_options: { challenge: `challenge ${(challenges += 1)}` } } : {};
  return new Problem(401, { code: "second_factor_required", factors, ...options } as Refusal);
}

/** Wants a proof, and is content with none. */
async function attempt(proof: Proof): Promise<void> {
  sent.push(proof);
  if (Object.keys(proof).length === 0) throw required(["totp", "backup_code", "passkey", "telepathy"]);
  throw new Problem(401, { code: "bad_code" });
}

async function begun(): Promise<SecondStep> {
  const step = await SecondStep.orIn(attempt, "a key");
  if (step === null) throw new Error("nothing was asked for");
  return step;
}

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = device.asked.length = challenges = 0;
});
afterEach(() => vi.useRealTimers());

test("there is none where the password was all", async () => {
  expect(await SecondStep.orIn(async () => {}, "a key")).toBeNull();
});

test("another refusal is another refusal", async () => {
  const refused = new Problem(401, { code: "bad_credentials" });
  await expect(SecondStep.orIn(() => Promise.reject(refused), "a key")).rejects.toBe(refused);
});

test("its ways are those of the account that this page knows", async () => {
  expect((await begun()).ways).toEqual(["totp", "passkey", "backup_code"] satisfies Way[]);
  const without = await SecondStep.orIn(() => Promise.reject(required(["backup_code", "passkey"], false)), "a key");
  expect(without?.ways).toEqual(["backup_code"]);
});

test("a code goes without what people put between its groups", async () => {
  await expect((await begun()).byCode(" 123 456-", "a key")).rejects.toThrow();
  expect(sent.at(-1)).toEqual({ code: "123456" });
});

test("a passkey signs the challenge that came with the question, and each only once", async () => {
  const step = await begun();
  await expect(step.byPasskey("a key")).rejects.toThrow();
  await expect(step.byPasskey("another key")).rejects.toThrow();
  expect(device.asked).toEqual(["challenge 1", "challenge 2"]);
  expect(sent).toEqual([{}, { passkey: "signed challenge 1" }, {}, { passkey: "signed challenge 2" }]);
});

test("a challenge that has lain for minutes is not signed any more", async () => {
  const step = await begun();
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  await expect(step.byPasskey("a key")).rejects.toThrow();
  expect(device.asked).toEqual(["challenge 2"]);
});

test.each([
  ["totp", "123456", true],
  ["totp", "123 456", true],
  ["totp", "12345", false],
  ["totp", "12345a", false],
  ["backup_code", "7KQ2A-xw9v0", true],
  ["backup_code", "7KQ2A-xw9v", false],
] as const)("as a %s, %s looks right: %s", (way, code, right) => {
  expect(looksLikeCode(way, code)).toBe(right);
});

test("spaces and dashes are all that goes", () => {
  expect(compact(" a-b\tc d")).toBe("abcd");
});
