/** What the server asks for beside the right password, and how it is answered. */

import { Problem } from "../api/problem";
import { newId } from "../lib/ids";
import type { Proof } from "./entering";

export const WAYS = ["totp", "passkey", "backup_code"] as const;
export type Way = (typeof WAYS)[number];

/** Sends what the first step was filled in with once more, with a proof. */
export type Attempt = (proof: Proof, key: string) => Promise<void>;

const OPTIONS_HOLD_MS = 4 * 60_000; // the server's challenge holds for five minutes

interface Wanted {
  factors: Way[];
  options: PublicKeyCredentialRequestOptionsJSON | null;
}

/** Null where a refusal says something else. */
function wantedBy(error: unknown): Wanted | null {
  if (!(error instanceof Problem) || error.code !== "second_factor_required") return null;
  const { factors = [], passkey_options: options = null } = error.body;
  return { factors: WAYS.filter((way) => factors.includes(way)), options };
}

/** The second of two steps. What the first was filled in with is in `attempt`, in memory and nowhere else. */
export class SecondStep {
  readonly ways: readonly Way[];
  #options: PublicKeyCredentialRequestOptionsJSON | null;
  #optionsUntilMs = Date.now() + OPTIONS_HOLD_MS;

  private constructor(
    wanted: Wanted,
    private readonly attempt: Attempt,
  ) {
    this.ways = wanted.factors.filter((way) => way !== "passkey" || wanted.options !== null);
    this.#options = wanted.options;
  }

  /** Attempts it without a proof. Gives the second step where one is needed, null where that was all. */
  static async orIn(attempt: Attempt, key: string): Promise<SecondStep | null> {
    try {
      await attempt({}, key);
      return null;
    } catch (error) {
      const wanted = wantedBy(error);
      if (wanted === null) throw error;
      return new SecondStep(wanted, attempt);
    }
  }

  async byCode(code: string, key: string): Promise<void> {
    await this.attempt({ code: compact(code) }, key);
  }

  async byPasskey(key: string): Promise<void> {
    const options = await this.#fresh();
    const { usePasskey } = await import("../lib/webauthn");
    const { credential } = await usePasskey(options);
    this.#optionsUntilMs = 0; // a challenge counts once
    await this.attempt({ passkey: credential }, key);
  }

  async #fresh(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    if (Date.now() >= this.#optionsUntilMs) {
      const next = await SecondStep.orIn(this.attempt, newId());
      this.#options = next === null ? null : next.#options;
      this.#optionsUntilMs = Date.now() + OPTIONS_HOLD_MS;
    }
    if (this.#options === null) throw new Problem(0, { code: "passkey_cancelled" }); // removed in the meantime
    return this.#options;
  }
}

/** Codes as people copy them: in groups, with dashes. */
export function compact(code: string): string {
  return code.replace(/[\s-]/g, "");
}

/** Saves an attempt that cannot succeed, of which there are only so many. */
export function looksLikeCode(way: Way, code: string): boolean {
  return (way === "totp" ? /^\d{6}$/ : /^[0-9A-Za-z]{10}$/).test(compact(code));
}
