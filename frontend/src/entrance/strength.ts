/** How hard a new password is to guess. Advice only: what is refused is the server's to say.
 *
 * The estimator and its word lists are large; they are fetched when somebody begins to type a new password. */

import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

export const LEAST_BYTES = 12;
export const MOST_BYTES = 1024;
// Text full of letter substitutions holds the estimator for seconds, and the page with it. What is longer than this is
// judged by how it begins.
const MOST_LOOKED_AT = 40; // characters
const MOST_SUBSTITUTIONS = 10;

/** The sentences that can be said of a password, by their keys in the catalogue. */
export type Advice =
  | "fine" | "longer" | "keys" | "repeats" | "sequences" | "dates" | "common" | "words" | "names" | "yours" | "tricks";

export interface Judgement {
  level: 1 | 2 | 3 | 4;
  advice: Advice;
}

/** As the server counts: after NFC, in UTF-8. */
export function sizeBytes(password: string): number {
  return new TextEncoder().encode(password.normalize("NFC")).length;
}

export function withinRule(password: string): boolean {
  const bytes = sizeBytes(password);
  return bytes >= LEAST_BYTES && bytes <= MOST_BYTES;
}

let coming: Promise<ZxcvbnFactory> | null = null;

/** Fetches the estimator, once. Rejects when it cannot be had; the next call tries again. */
export function estimator(): Promise<ZxcvbnFactory> {
  coming ??= build().catch((error: unknown) => {
    coming = null;
    throw error;
  });
  return coming;
}

async function build(): Promise<ZxcvbnFactory> {
  const [core, common] = await Promise.all([import("@zxcvbn-ts/core"), import("@zxcvbn-ts/language-common")]);
  return new core.ZxcvbnFactory({
    dictionary: common.dictionary,
    graphs: common.adjacencyGraphs,
    maxLength: MOST_LOOKED_AT,
    l33tMaxSubstitutions: MOST_SUBSTITUTIONS,
  });
}

/** `about`: what somebody who knows the person would try first. */
export function judge(zxcvbn: ZxcvbnFactory, password: string, about: readonly string[]): Judgement {
  const parts = about.flatMap((text) => [text, ...text.split(/[@.]/)]).filter((text) => text.length > 2);
  const { score, feedback } = zxcvbn.check(password, parts);
  if (score === 4) return { level: 4, advice: "fine" };
  const level = score <= 1 ? 1 : (score as 2 | 3);
  return { level, advice: adviceFor(feedback.warning, feedback.suggestions) };
}

/** The keys are zxcvbn's. */
export function adviceFor(warning: string | null, suggestions: readonly string[]): Advice {
  switch (warning) {
    case "straightRow":
    case "keyPattern":
      return "keys";
    case "simpleRepeat":
    case "extendedRepeat":
      return "repeats";
    case "sequences":
      return "sequences";
    case "recentYears":
    case "dates":
      return "dates";
    case "topTen":
    case "topHundred":
    case "common":
    case "similarToCommon":
    case "pwned":
      return "common";
    case "wordByItself":
      return "words";
    case "namesByThemselves":
    case "commonNames":
      return "names";
    case "userInputs":
      return "yours";
    default:
      return suggestions.some((key) => TRICKS.has(key)) ? "tricks" : "longer";
  }
}

const TRICKS: ReadonlySet<string> = new Set(["l33t", "reverseWords", "capitalization", "allUppercase"]);
