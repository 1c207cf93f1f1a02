/** The theme that was chosen in this browser; without a choice, the system's. Set as soon as this is imported. */

const KEPT = "strongroom.theme";
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

function isTheme(text: string | null): text is Theme {
  return (THEMES as readonly (string | null)[]).includes(text);
}

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEPT);
    return isTheme(theme) ? theme : "system";
  } catch {
    return "system"; // storage is shut: the choice lasts as long as the page
  }
}

class Appearance {
  theme = $state<Theme>(kept());

  constructor() {
    this.#apply();
    addEventListener("storage", ({ key }) => {
      if (key !== KEPT) return;
      this.theme = kept();
      this.#apply();
    });
  }

  choose(theme: Theme): void {
    this.theme = theme;
    this.#apply();
    try {
      if (theme === "system") localStorage.removeItem(KEPT);
      else localStorage.setItem(KEPT, theme);
    } catch {
      // as above
    }
  }

  #apply(): void {
    const { dataset } = document.documentElement;
    if (this.theme === "system") delete dataset["theme"];
    else dataset["theme"] = this.theme;
  }
}

export const appearance = new Appearance();
