/** The ways in. Each opens a session whose cookie no script can read. `key` is an idempotency key: an answer that is lost on
 * its way can be had again, although the code in the question is used up. */

import { call, client, keyed } from "../api/client";
import { Problem } from "../api/problem";
import type { Assertion } from "../api/types";
import { session } from "../state/session.svelte";

/** What is shown beside the password where the account asks for it: one of the two. */
export interface Proof {
  code?: string; // of an authenticator, or a back-up code
  passkey?: Assertion;
}

export interface SigningIn {
  username: string;
  password: string;
}

export interface SigningUp extends SigningIn {
  email: string;
  invitation?: string;
}

export interface Recovering {
  username: string;
  recovery_code: string;
  new_password: string;
}

export async function signIn(who: SigningIn, proof: Proof, key: string): Promise<void> {
  const body = { ...who, ...proof, cookie: true };
  const { user } = await call(client.POST("/auth/login", { body, params: keyed(key) }));
  session.entered(user);
}

export async function signUp(who: SigningUp, key: string): Promise<void> {
  const body = { ...who, cookie: true };
  const { user, recovery_code } = await call(client.POST("/auth/register", { body, params: keyed(key) }));
  session.showCode(recovery_code, false);
  session.entered(user);
}

/** Sets a new password by the recovery code, which is used up. */
export async function recover(who: Recovering, proof: Proof, key: string): Promise<void> {
  const body = { ...who, ...proof, cookie: true };
  const { user, recovery_code } = await call(client.POST("/auth/recover", { body, params: keyed(key) }));
  session.showCode(recovery_code, true);
  session.entered(user);
}

/** With a passkey alone: it opens the account's key by its PRF. Nothing is sent of one that cannot. */
export async function enterByPasskey(key: string): Promise<void> {
  const { usePasskey } = await import("../lib/webauthn");
  const { credential, prf } = await usePasskey(await call(client.POST("/auth/passkeys/challenge")));
  if (prf === null) throw new Problem(0, { code: "password_needed" });
  const body = { credential, prf, cookie: true };
  try {
    const { user } = await call(client.POST("/auth/passkeys/login", { body, params: keyed(key) }));
    session.entered(user);
  } catch (error) {
    // There is no session yet that could have ended, and no name or password that could be wrong.
    throw error instanceof Problem && error.code === "bad_credentials" ? new Problem(401, { code: "passkey_refused" }) : error;
  }
}
