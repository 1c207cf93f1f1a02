/** Told apart without the parser, which is not fetched before somebody needs it. */

const SYNTAX = /(^|\n)(#{1,6} |```|> |[-*+] |\d+[.)] |\|.+\|)|\*\*\S|__\S|`[^`\n]+`|\[[^\]\n]+\]\([^)\s]+\)|~~\S|https?:\/\//;

/** Whether there is anything in it that Markdown would show otherwise than plain text. */
export function looksLikeMarkdown(text: string): boolean {
  return SYNTAX.test(text);
}
