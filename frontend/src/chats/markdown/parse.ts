/** GitHub's Markdown → tokens, by `marked`. Nothing of it is run or loaded.
 *
 * Whoever can write here can write to stop the page: by nesting until the stack is full, or by markers that the parser
 * pairs in quadratic time. What is too much is shown as it was written. */

import { Marked, type MarkedToken, type Token } from "marked";

const marked = new Marked({ gfm: true, breaks: true });

const MOST_CHARS = 20_000;
const MOST_MARKERS = 1_000; // of emphasis, in one paragraph
/** What is nested deeper is drawn as it was written. */
export const DEEPEST = 20;

const NESTED = /^[ \t]*(?:>[ \t]*|[-*+][ \t]+|\d{1,9}[.)][ \t]+){51}/m; // more than 50 at the beginning of a line

function tooMuch(text: string): boolean {
  if (text.length > MOST_CHARS || NESTED.test(text)) return true;
  return text.split(/\n[ \t]*\n/).some((paragraph) => (paragraph.match(/\*+|_+|~+/g)?.length ?? 0) > MOST_MARKERS);
}

export function parse(text: string): Token[] {
  try {
    if (!tooMuch(text)) return marked.lexer(text);
  } catch {
    // Nested in a way that was not thought of.
  }
  return [{ type: "html", raw: text, text, block: true, pre: false }]; // the kind that is shown as it was written
}

/** Tokens as they were written. */
export function written(tokens: readonly Token[] | undefined): string {
  return (tokens ?? []).map(({ raw }) => raw).join("");
}

/** Tokens of the kinds that there are without extensions. */
export function known(tokens: readonly Token[] | undefined): MarkedToken[] {
  return (tokens ?? []) as MarkedToken[];
}

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address of a link that may be followed; null for any other (`javascript:`, a path into this page). */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The commonest character references, which the tokens leave as they were written. */
export function plain(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|(\w{2,4}));/g, (written, number?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? written;
    const code = Number(number);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : written;
  });
}
