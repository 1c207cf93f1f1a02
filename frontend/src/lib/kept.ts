/** Choices that this browser keeps. Its storage may be shut: then they last as long as the page. */

/** Somebody is signed in with this browser, as far as it knows. */
export const ENTERED = "strongroom.entered";

function attempt<Value>(work: () => Value): Value | null {
  try {
    return work();
  } catch {
    return null;
  }
}

export const kept = {
  get: (key: string): string | null => attempt(() => localStorage.getItem(key)),
  set: (key: string, value: string): void => void attempt(() => localStorage.setItem(key, value)),
  drop: (key: string): void => void attempt(() => localStorage.removeItem(key)),
};
