/** GitHub's Markdown → tokens, by `marked`. Nothing of it is run or loaded. */

import { Marked, type MarkedToken, type Token } from "marked";

const marked = new Marked({ gfm: true, breaks: true });

export function parse(text: string): Token[] {
  return marked.lexer(text);
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
