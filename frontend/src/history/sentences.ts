/** What an event says, in a sentence. */

import { t } from "../texts/texts.svelte";

export function sentenceOf(type: string): string {
  const sentences: Record<string, string> = t.history.events;
  return Object.hasOwn(sentences, type) ? (sentences[type] as string) : t.history.unknown;
}
