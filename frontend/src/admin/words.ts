/** The texts of the operator's page, in the language of the page: `w.queue.title`. */

import { admin as de } from "../texts/de/admin";
import { admin as en } from "../texts/en/admin";
import { texts } from "../texts/texts.svelte";

type Words = typeof en;

const WORDS = { en, de } as const satisfies Record<typeof texts.language, Words>;

/** A property read in a component is drawn anew when the language changes. */
export const w: Words = new Proxy({} as Words, {
  get: (_, area) => WORDS[texts.language][area as keyof Words],
});
