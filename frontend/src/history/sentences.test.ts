/** Every type of event that the log can have has a sentence, in every language, and a picture. */

import { describe, expect, test } from "vitest";
import source from "../../../domain/events.py?raw";
import { history as de } from "../texts/de/history";
import { history as en } from "../texts/en/history";

const TYPES = [...source.matchAll(/^class (\w+)\(Event, frozen=True\):/gm)].map(([, name]) => name as string);

test("the types are found", () => {
  expect(TYPES).toEqual(expect.arrayContaining(["UserRegistered", "AccountErased", "MessageSent", "FileStored"]));
  expect(TYPES.length).toBeGreaterThan(20);
});

describe.each([["en", en], ["de", de]] as const)("in %s", (_, history) => {
  const sentences: Record<string, string> = history.events;

  test.each(TYPES)("%s has a sentence", (type) => {
    expect(sentences[type]).toMatch(/^[A-ZÄÖÜ].*\.$/);
    expect(sentences[type]).not.toContain("!");
  });

  test("no sentence is of a type that there is not", () => {
    expect(Object.keys(sentences).filter((type) => !TYPES.includes(type))).toEqual([]);
  });
});
