// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { pathOf, placeOf, type Place } from "./place";

const ID = "0199d5b0-7c1e-7000-8000-0123456789ab";
const AT = "2026-01-31T09:30:00.000001Z";

test.each<Place>([
  { kind: "all" },
  { kind: "of", id: ID },
  { kind: "then", at: AT, shelf: "chats", chatId: null },
  { kind: "then", at: AT, shelf: "chats", chatId: ID },
  { kind: "then", at: AT, shelf: "files", chatId: null },
])("%j comes back from its path", (place) => {
  expect(placeOf(pathOf(place))).toEqual(place);
});

test.each(["", "/", "/of/nothing", `/of/${ID}/more`, "/then/yesterday", "/then/2026-99-99T99:99:99Z", `/then/${AT}/<img>`, "/then/7"])(
  "%j is all of it",
  (path) => expect(placeOf(path)).toEqual({ kind: "all" }),
);
