/** File names as they are shown. A name is whatever its sender chose: nothing in it may pass for something else. */

// Direction marks turn "…\u202Egpj.exe" into something that reads like a picture; control characters break lines.
const MISLEADING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
const END_LENGTH = 9; // keeps the extension, and the number before it
const SHORT = 22;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The name without what could mislead about it. */
export function shownName(name: string): string {
  return name.replace(MISLEADING, "\uFFFD");
}

/** The part that may be cut off at its end, and the part that stays: "" for a short name. */
export function halves(name: string): [string, string] {
  const letters = Array.from(graphemes.segment(name), ({ segment }) => segment);
  if (letters.length <= SHORT) return [name, ""];
  return [letters.slice(0, -END_LENGTH).join(""), letters.slice(-END_LENGTH).join("")];
}
