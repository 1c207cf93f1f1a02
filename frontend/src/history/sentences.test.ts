/** Every type of event that the log can have has a sentence, in every language, and a picture. */

import { describe, expect, test, vi } from "vitest";
import source from "../../../domain/events.py?raw";
import { history as de } from "../texts/de/history";
import { history as en } from "../texts/en/history";

vi.mock("../texts/texts.svelte", async () => ({ t: { history: (await import("../texts/en/history")).history } }));
const { sentenceOf } = await import("./sentences");
const { ICONS } = await import("./icons");

const TYPES = [...source.matchAll(/^class (\w+)\(Event, frozen=True\):/gm)].map(([, name]) => name as string);

test("the types are found", () => {
  expect(TYPES).toEqual(expect.arrayContaining(["UserRegistered", "AccountErased", "MessageSent", "FileStored"]));
  expect(TYPES.length).toBeGreaterThan(20);
});

test.each(TYPES)("%s has a picture, and no other type has", (type) => {
  expect(ICONS).toHaveProperty(type);
  expect(TYPES).toEqual(expect.arrayContaining(Object.keys(ICONS)));
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

describe.each([["en", en], ["de", de]] as const)("where the log tells more, in %s", (_, history) => {
  const said: Record<string, Record<string, string>> = history.said;
  const values = (name: string) => [...(new RegExp(`^${name} = Literal\\[(.*)\\]`, "m").exec(source)?.[1] ?? "").matchAll(/"(\w+)"/g)].map(([, value]) => value);

  test.each([
    ["MessageSent", "Role"],
    ["SessionClosed", "CloseReason"],
    ["FileUploaded", "FileKind"],
    ["ApiTokenIssued", "TokenKind"],
    ["ApiTokenRevoked", "RevokeReason"],
  ])("%s has a sentence for every %s", (type, name) => {
    expect(Object.keys(said[type] ?? {}).sort()).toEqual(values(name).sort());
    for (const sentence of Object.values(said[type] ?? {})) expect(sentence).toMatch(/^[A-ZÄÖÜ].*\.$/);
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ["MessageSent", { role: "user" }, "You wrote a message."],
  ["MessageSent", { role: "assistant" }, "The assistant wrote a message."],
  ["MessageSent", { role: "oracle" }, "A message was sent."],
  ["MessageSent", { role: "constructor" }, "A message was sent."],
  ["MessageSent", { role: ["user"] }, "A message was sent."],
  ["MessageSent", {}, "A message was sent."],
  ["MessageRead", { role: "user" }, "A message was read."],
  ["SessionClosed", { reason: "expired" }, "A session of yours expired."],
  ["FileUploaded", { kind: "audio" }, "A recording arrived."],
  ["PasskeyAdded", { opens: true }, "A passkey was added that signs in by itself."],
  ["PasskeyAdded", { opens: "maybe" }, "A passkey was added."],
  ["DataExported", { by: "command" }, "Everything of yours was exported on the machine itself, with your password."],
  ["ApiTokenRevoked", {}, "An API token ended."],
  ["constructor", { role: "user" }, "Something happened that this page does not know yet."],
])("%s with %j says: %s", (type, open, sentence) => {
  expect(sentenceOf({ type, public: open })).toBe(sentence);
});
