/** Passkeys as the browser has them (Web Authentication Level 3), between the server's JSON and the browser's bytes.
 *
 * Where an authenticator has PRF (§10.1.4), its answer to the server's salt is given apart from the credential: a secret of
 * 32 bytes that opens the account's key. It is not in what the credential says of itself. */

import { Problem } from "../api/problem";
import type { Assertion, NewCredential } from "../api/types";

export interface Made {
  credential: NewCredential;
  prf: string | null; // base64url
}

export interface Used {
  credential: Assertion;
  prf: string | null; // base64url
}

/** Asks for a new passkey. Problem `passkey_cancelled`, `passkey_known`, `passkey_impossible`. */
export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<Made> {
  const { user, challenge, excludeCredentials, extensions } = options;
  const publicKey = {
    ...options,
    user: { ...user, id: bytes(user.id) },
    challenge: bytes(challenge),
    excludeCredentials: (excludeCredentials ?? []).map(descriptor),
    extensions: salted(extensions),
  } as PublicKeyCredentialCreationOptions;
  const made = await asked(navigator.credentials.create({ publicKey }));
  const credential = registration(made);
  const { prf } = made.getClientExtensionResults();
  let secret = secretOf(made);
  if (secret === null && prf?.enabled) secret = await firstUse(options, made); // many tell it only when one is used
  return { credential, prf: secret };
}

/** Has the person choose and use one. Problem `passkey_cancelled`, `passkey_impossible`. */
export async function usePasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<Used> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(descriptor),
    extensions: salted(options.extensions),
  } as PublicKeyCredentialRequestOptions;
  const used = await asked(navigator.credentials.get({ publicKey }));
  return { credential: authentication(used), prf: secretOf(used) };
}

/** Of a passkey just made. What it signs goes nowhere: any challenge will do. */
async function firstUse(
  { rp, extensions }: PublicKeyCredentialCreationOptionsJSON,
  made: PublicKeyCredential,
): Promise<string | null> {
  const publicKey = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    allowCredentials: [{ type: "public-key", id: made.rawId }],
    userVerification: "required",
    ...(rp.id === undefined ? {} : { rpId: rp.id }),
    extensions: salted(extensions),
  } as PublicKeyCredentialRequestOptions;
  return secretOf(await asked(navigator.credentials.get({ publicKey })));
}

async function asked(answer: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await answer;
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") throw new Problem(0, { code: "passkey_known" });
    if (error.name !== "NotAllowedError" && error.name !== "AbortError") {
      throw new Problem(0, { code: "passkey_impossible" });
    }
  }
  throw new Problem(0, { code: "passkey_cancelled" });
}

// Only what the server reads: what the extensions gave, the PRF's answer among it, is not in these.

function registration({ id, rawId, response }: PublicKeyCredential): NewCredential {
  const { clientDataJSON, attestationObject } = response as AuthenticatorAttestationResponse;
  return {
    id,
    rawId: text(rawId),
    type: "public-key",
    response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) },
  };
}

function authentication({ id, rawId, response }: PublicKeyCredential): Assertion {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse;
  return {
    id,
    rawId: text(rawId),
    type: "public-key",
    response: {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle === null ? null : text(userHandle),
    },
  };
}

function secretOf(credential: PublicKeyCredential): string | null {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first === undefined ? null : text(first as ArrayBuffer); // always one: WebAuthn Level 3, §10.1.4
}

function descriptor(each: PublicKeyCredentialDescriptorJSON) {
  return { ...each, id: bytes(each.id) };
}

/** The one extension that is used here, with the salt that the server names. */
function salted(extensions: AuthenticationExtensionsClientInputsJSON = {}): AuthenticationExtensionsClientInputs {
  const salt = extensions.prf?.eval?.first;
  return salt === undefined ? {} : { prf: { eval: { first: bytes(salt) } } };
}

/** base64url (RFC 4648 §5) without padding, both ways. */
export function text(data: ArrayBuffer | Uint8Array): string {
  const binary = Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function bytes(encoded: string): Uint8Array<ArrayBuffer> {
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
