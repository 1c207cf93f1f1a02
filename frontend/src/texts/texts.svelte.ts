/** The catalogue of all texts, in the language that is chosen: `t.chats.none`.
 *
 * English is here from the start as far as the first view needs it; the rest, and other languages, are fetched. */

import { first } from "./en/first";
import { LOADERS, NAMES, remember, wanted, type First, type Language, type Rest } from "./languages";

export type { Language };
export type Catalogue = First & Rest;

class Texts {
  language = $state<Language>("en");
  catalogue = $state.raw<Partial<Catalogue>>(first);
  #rest: Language | null = null; // whose rest is in the catalogue

  get languages(): [Language, string][] {
    return Object.entries(NAMES) as [Language, string][];
  }

  /** For numbers and times: as this browser's person writes the language, `en-GB` say. */
  get locale(): string {
    return navigator.languages.find((tag) => tag.split("-")[0] === this.language) ?? this.language;
  }

  /** In the language that is meant here. */
  async start(): Promise<void> {
    await this.#use(wanted());
  }

  async choose(language: Language): Promise<void> {
    remember(language);
    await this.#use(language);
  }

  /** What the first view does not need. Whoever fetches a further view waits for it. */
  async rest(): Promise<void> {
    const { language } = this;
    if (this.#rest === language) return;
    const rest = await LOADERS[language].rest();
    if (this.language !== language) return this.rest();
    this.catalogue = { ...this.catalogue, ...rest };
    this.#rest = language;
  }

  async #use(language: Language): Promise<void> {
    const loader = LOADERS[language];
    try {
      const [now, later] = await Promise.all([loader.first?.() ?? first, this.#rest === null ? null : loader.rest()]);
      this.catalogue = { ...now, ...later };
      this.#rest = later === null ? null : language;
      this.language = language;
    } catch {
      // Not reachable: what is there stays.
    }
    document.documentElement.lang = this.language;
  }
}

export const texts = new Texts();

/** The texts. A property read in a component is drawn anew when the language changes. */
export const t: Catalogue = new Proxy({} as Catalogue, {
  get: (_, area) => texts.catalogue[area as keyof Catalogue],
});
