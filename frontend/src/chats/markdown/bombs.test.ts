// @vitest-environment happy-dom
/** What is written to stop the page is shown as it was written. */

import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import { texts } from "../../texts/texts.svelte";
import Markdown from "./Markdown.svelte";
import * as parsing from "./parse";

const { parse } = parsing;
const ORDINARY = "Some *words* of a paragraph.\n\n".repeat(660); // about as long as may be
const MOST_TIMES = 20; // as long as for an ordinary text; the worst takes some seven times as long
const TRIES = 10; // a machine that has other things to do interrupts one of two, now and then

let shown: Record<string, unknown> | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  if (shown !== undefined) await unmount(shown);
  shown = undefined;
  document.body.replaceChildren();
});

function draw(text: string): HTMLElement {
  shown = mount(Markdown, { target: document.body, props: { text } });
  flushSync();
  return document.body;
}

function tookMs(text: string): number {
  const began = performance.now();
  parse(text);
  return performance.now() - began;
}

/** AssertionError where it takes much longer than an ordinary text does just now, however often one tries. */
function expectQuick(text: string) {
  let times = Infinity;
  for (let tried = 0; tried < TRIES && times > MOST_TIMES; tried += 1) {
    const ordinaryMs = tookMs(ORDINARY);
    times = Math.min(times, tookMs(text) / ordinaryMs);
  }
  expect(times).toBeLessThanOrEqual(MOST_TIMES);
}

function nestedList(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${"  ".repeat(level)}- deep`).join("\n");
}

test.each([
  ["quotes", ">".repeat(200)],
  ["many quotes", "> ".repeat(3_000)],
  ["quotes of lists", "> - ".repeat(100)],
  ["numbers", "1. ".repeat(6_000)],
  ["emphasis", "*a ".repeat(3_000) + "b*".repeat(3_000)],
  ["underscores", "_a".repeat(10_000)],
  ["length", "long **words** ".repeat(17_400)],
])("too much of %s is one text", (_, text) => {
  expect(parse(text)).toMatchObject([{ type: "html", raw: text }]);
  expectQuick(text);
});

test("an error in the parser leaves the text", () => {
  vi.spyOn(String.prototype, "split").mockImplementationOnce(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  expect(parse("**bold**")).toMatchObject([{ type: "html", raw: "**bold**" }]);
});

test.each([
  ["brackets", "[".repeat(20_000)],
  ["pictures", "![".repeat(10_000)],
  ["rows", "|".repeat(10_000) + "\n" + "|-".repeat(5_000)],
  ["tags", "<a ".repeat(6_600)],
  ["backticks", "`a".repeat(10_000)],
  ["lists", nestedList(130)],
])("%s take no long time", (_, text) => {
  expectQuick(text);
});

test("lines of dashes and long tables are Markdown as before", () => {
  expect(parse("-".repeat(80)).map(({ type }) => type)).toEqual(["hr"]);
  expect(parse("> > > quoted thrice").map(({ type }) => type)).toEqual(["blockquote"]);
  expect(parse("|a|\n|-|\n" + "|**b**|\n".repeat(200)).map(({ type }) => type)).toEqual(["table"]);
});

test.each([
  ["quotes", `${"> ".repeat(45)}deep`, "blockquote"],
  ["lists", nestedList(60), "ul"],
])("%s are drawn to a depth, and what is deeper as it was written", (_, text, tag) => {
  const page = draw(text);
  expect(page.querySelectorAll(tag).length).toBeGreaterThan(8);
  expect(page.querySelectorAll(tag).length).toBeLessThanOrEqual(parsing.DEEPEST);
  expect(page.textContent).toContain("deep");
});

test("what cannot be drawn is shown as it was written", () => {
  vi.spyOn(parsing, "known").mockImplementation(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  expect(draw("**bold**\n> quote").textContent).toBe("**bold**\n> quote");
});

test("boxes, tables and code have names", async () => {
  await texts.rest();
  const page = draw("- [x] a\n- [ ] b\n\n|a|\n|-|\n|b|\n\n```\ncode\n```");
  const names = [...page.querySelectorAll("[aria-label]")].map((element) => element.getAttribute("aria-label"));
  expect(names).toEqual(["Done", "To do", "Table", "Code"]);
});
