import { expect, test } from "vitest";
import { containerFor, noteName, plainType } from "./container";

const CHROMIUM = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4;codecs=mp4a.40.2", "audio/mp4"];

function supporting(...types: string[]): (type: string) => boolean {
  return (type) => types.includes(type);
}

test("Opus in WebM where it is at home", () => {
  expect(containerFor(supporting(...CHROMIUM), "Google Inc.")).toBe("audio/webm;codecs=opus");
  expect(containerFor(supporting("audio/webm;codecs=opus", "audio/ogg;codecs=opus"), "")).toBe("audio/webm;codecs=opus");
});

test("AAC in MP4 on Apple's, also where WebM would do", () => {
  expect(containerFor(supporting(...CHROMIUM), "Apple Computer, Inc.")).toBe("audio/mp4;codecs=mp4a.40.2");
  expect(containerFor(supporting("audio/mp4"), "Apple Computer, Inc.")).toBe("audio/mp4");
});

test("AAC where there is no WebM, Ogg last, and null where there is nothing", () => {
  expect(containerFor(supporting("audio/ogg;codecs=opus", "audio/mp4"), "")).toBe("audio/mp4");
  expect(containerFor(supporting("audio/ogg;codecs=opus"), "")).toBe("audio/ogg;codecs=opus");
  expect(containerFor(supporting("video/x-matroska"), "")).toBeNull();
});

test("a note is called by its minute and its container", () => {
  const at = new Date(2026, 10, 3, 4, 5, 59).toISOString();
  expect(noteName("Voice note", at, "audio/webm;codecs=opus")).toBe("Voice note 2026-11-03 04.05.webm");
  expect(noteName("Sprachnotiz", at, "audio/mp4")).toBe("Sprachnotiz 2026-11-03 04.05.m4a");
  expect(noteName("Voice note", at, "audio/ogg; codecs=opus")).toBe("Voice note 2026-11-03 04.05.ogg");
});

test("the plain type has no codec", () => {
  expect(plainType("Audio/WebM ; codecs=opus")).toBe("audio/webm");
  expect(plainType("audio/mp4")).toBe("audio/mp4");
});
