import { expect, test } from "vitest";
import { known, parse, plain, safeAddress } from "./parse";
import { looksLikeMarkdown } from "./syntax";

test.each([
  "javascript:alert(1)", " javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
  "/api/v1/user/data", "#/account", "blob:https://example.org/1", "java\nscript:alert(1)", "",
])("%j is no address to follow", (address) => {
  expect(safeAddress(address)).toBeNull();
});

test.each(["https://example.org/", "http://example.org/a?b#c", "mailto:ada@example.org"])("%s may be followed", (address) => {
  expect(safeAddress(address)).toBe(address);
});

test("HTML is a token of its own, which is shown as it was written", () => {
  const tokens = known(parse("<img src=x onerror=alert(1)>\n\n<script>alert(1)</script>"));
  expect(tokens.map(({ type }) => type)).toContain("html");
  expect(tokens.map(({ raw }) => raw).join("")).toContain("<script>alert(1)</script>");
});

test("character references are read once and never make markup", () => {
  expect(plain("&lt;b&gt; &amp;lt; &#65; &nosuch; &#1114112;")).toBe("<b> &lt; A &nosuch; &#1114112;");
});

test.each(["**bold**", "- a list", "# title", "`code`", "[a](https://b.example)", "```\ncode\n```", "see https://example.org"])(
  "%j looks like Markdown",
  (text) => expect(looksLikeMarkdown(text)).toBe(true),
);

test.each(["2 * 3 * 4 = 24", "a_b_c", "well, #1 of all", "a-b", "Hello", "5 > 3"])("%j is plain", (text) => {
  expect(looksLikeMarkdown(text)).toBe(false);
});
