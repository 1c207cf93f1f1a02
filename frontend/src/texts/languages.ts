/** The languages there are, which of them is meant, and where their texts come from. What runs first needs this: it stays
 * small. */

import { kept } from "../lib/kept";

export type First = typeof import("./en/first").first;
export type Rest = typeof import("./en/rest").rest;

export const NAMES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof NAMES;
const KEPT = "strongroom.language";

interface Loaders {
  first?(): Promise<First>; // not of English: it comes with the page
  rest(): Promise<Rest>;
}

/** What the first view of somebody who is signed in needs, and the rest. */
export const LOADERS: Record<Language, Loaders> = {
  en: { rest: async () => (await import("./en/rest")).rest },
  de: { first: async () => (await import("./de/first")).first, rest: async () => (await import("./de/rest")).rest },
};

/** The one that was chosen here before, or the first of the browser's that there is. */
export function wanted(): Language {
  const tags = [kept.get(KEPT), ...navigator.languages.map((tag) => tag.split("-")[0])];
  return tags.find((tag): tag is Language => tag != null && tag in NAMES) ?? "en";
}

export function remember(language: Language): void {
  kept.set(KEPT, language);
}
