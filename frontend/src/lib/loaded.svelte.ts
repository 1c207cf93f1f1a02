/** Code that is fetched when it is first needed, and is then there at once for everybody. */

import { texts } from "../texts/texts.svelte";

const AGAIN_MS = 2_000;

/** `get()` in a template gives null until the module is here, and draws anew then. */
export class Loaded<Module> {
  #module = $state.raw<Module | null>(null);
  #coming: Promise<Module> | null = null;
  #asked = false; // by a template: it tries again by itself

  constructor(private readonly fetch: () => Promise<Module>) {}

  get(): Module | null {
    if (!this.#asked) this.#ask();
    return this.#module;
  }

  #ask(): void {
    this.#asked = true;
    this.ready().catch(() => setTimeout(() => this.#ask(), AGAIN_MS));
  }

  /** Rejects when it cannot be fetched; asking again tries again. */
  ready(): Promise<Module> {
    this.#coming ??= Promise.all([this.fetch(), texts.rest()]).then(
      ([module]) => (this.#module = module),
      (error: unknown) => {
        this.#coming = null;
        throw error;
      },
    );
    return this.#coming;
  }
}
