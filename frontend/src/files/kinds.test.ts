import { expect, test } from "vitest";
import { categoryOf } from "./kinds";

const file = { kind: "file", mime_type: null as string | null, name: "x", audio: null } as const;

test.each([
  ["image/png", "pictures"],
  ["audio/mpeg", "audio"],
  ["video/mp4", "video"],
  ["text/plain", "documents"],
  ["application/pdf", "documents"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "documents"],
  ["application/zip", "other"],
  ["application/octet-stream", "other"],
])("%s is filed under %s", (mime_type, category) => {
  expect(categoryOf({ ...file, mime_type })).toBe(category);
});

test("a recording is audio whatever its container says", () => {
  expect(categoryOf({ ...file, kind: "audio", mime_type: "video/webm" })).toBe("audio");
});

test("before the type is known the name decides, and afterwards it does not", () => {
  expect(categoryOf({ ...file, name: "holiday.JPG" })).toBe("pictures");
  expect(categoryOf({ ...file, name: "holiday.JPG", mime_type: "application/zip" })).toBe("other");
});
