/** The theme that was chosen in this browser; without a choice, the system's. Set as soon as this is imported. */

import { kept } from "../lib/kept";

const KEPT = "strongroom.theme";
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

function isTheme(text: string | null): text is Theme {
  return (THEMES as readonly (string | null)[]).includes(text);
}

function chosen(): Theme {
  const theme = kept.get(KEPT);
  return isTheme(theme) ? theme : "system";
}

class Appearance {
  theme = $state<Theme>(chosen());

  constructor() {
    this.#apply();
    addEventListener("storage", ({ key }) => {
      if (key !== KEPT) return;
      this.theme = chosen();
      this.#apply();
    });
  }

  choose(theme: Theme): void {
    this.theme = theme;
    this.#apply();
    if (theme === "system") kept.drop(KEPT);
    else kept.set(KEPT, theme);
  }

  #apply(): void {
    const { dataset } = document.documentElement;
    if (this.theme === "system") delete dataset["theme"];
    else dataset["theme"] = this.theme;
  }
}

export const appearance = new Appearance();
