/** Every code that docs/api.md names has a sentence in every language. */

import { describe, expect, test } from "vitest";
import document from "../../../docs/api.md?raw";
import { problems as de } from "./de/problems";
import { problems as en } from "./en/problems";

/** The codes in the first column of the tables under a heading. */
function codes(begin: string, end: string): string[] {
  const part = document.slice(document.indexOf(begin), document.indexOf(end, document.indexOf(begin)));
  return [...part.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code as string).filter((code) => code !== "error_code");
}

const PROBLEMS = codes("<!-- codes -->", "<!-- /codes -->");
const FILES = [
  ...codes("<!-- file-codes -->", "<!-- /file-codes -->"),
  ...codes("A file that cannot be analysed stays `ready`", "## Live updates"),
];

test("the tables are found", () => {
  expect(PROBLEMS).toContain("wrong_password");
  expect(FILES).toEqual(expect.arrayContaining(["spool_missing", "media_unreadable"]));
});

describe.each([
  ["en", en, ["1 second", "1 second", "59 seconds", "1 minute", "2 minutes", "2 hours"]],
  ["de", de, ["1 Sekunde", "1 Sekunde", "59 Sekunden", "1 Minute", "2 Minuten", "2 Stunden"]],
] as const)("in %s", (_, said, waits) => {
  const sentences: Record<string, string> = said.codes;
  const ofFiles: Record<string, string> = said.files;

  test.each([...PROBLEMS, "unreachable", "unintelligible", "cancelled"])("%s has a sentence", (code) => {
    expect(sentences[code]).toMatch(/^[A-ZÄÖÜ].*\.$/);
    expect(sentences[code]).not.toContain("!");
  });

  test.each(FILES)("the file's %s has a sentence", (code) => {
    expect(ofFiles[code]).toMatch(/^[A-ZÄÖÜ].*\.$/);
  });

  test("the time to wait is rounded up and in words", () => {
    const sentences = [0, 1, 58.2, 59.2, 61, 7_200].map(said.again);
    for (const [at, wait] of waits.entries()) expect(sentences[at]).toContain(` ${wait}`);
  });
});
