import { expect, test } from "vitest";
import { excerpt } from "./excerpt";

const found = (text: string, words: string) => excerpt(text, words).flatMap((part) => (part.found ? [part.text] : []));

test("words are marked wherever they stand, without regard to case", () => {
  expect(found("Milk and honey, and more milk", "MILK honey")).toEqual(["Milk", "honey", "milk"]);
});

test("the stretch that is shown holds the first word", () => {
  const long = `${"before ".repeat(100)}needle${" after".repeat(100)}`;
  const shown = excerpt(long, "needle").map(({ text }) => text).join("");
  expect(shown).toContain("needle");
  expect(shown.length).toBeLessThan(130);
  expect(shown.startsWith("…")).toBe(true);
});

test("words that mean something in a pattern are only words", () => {
  expect(found("is it (a) or [b]? .*", ".*")).toEqual([".*"]);
  expect(found("a(b", "(")).toEqual(["("]);
});

test("a text without the words is shown from its beginning", () => {
  expect(excerpt("a title in a transcript", "nowhere")).toEqual([{ text: "a title in a transcript", found: false }]);
});
