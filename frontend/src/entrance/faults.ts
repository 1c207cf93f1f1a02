/** Which field of a form a refusal belongs to, and what to say there. */

import { Problem, told } from "../api/problem";
import { t } from "../texts/texts.svelte";

/** By field, under the names that the wire has for them. */
export type Faults<Name extends string> = Partial<Record<Name, string>>;

/** Codes that are about one field: the field, and a sentence where the code's own does not fit. */
export type FieldCodes<Name extends string> = Readonly<Record<string, Name | readonly [Name, string]>>;

export interface Refused<Name extends string> {
  fields: Faults<Name>;
  /** For what belongs to no field of the form. */
  alert: string | null;
}

export function refused<Name extends string>(
  error: unknown,
  names: readonly Name[],
  codes: FieldCodes<Name>,
): Refused<Name> {
  if (!(error instanceof Problem)) return { fields: {}, alert: told(error) };
  const fields: Faults<Name> = {};
  for (const name of names) {
    if (error.fields.has(name)) fields[name] = rule(name) ?? error.message;
  }
  const aimed = codes[error.code];
  if (aimed !== undefined) {
    const [name, sentence] = typeof aimed === "string" ? [aimed, error.message] : aimed;
    fields[name] = sentence;
  }
  return { fields, alert: Object.keys(fields).length === 0 ? error.message : null };
}

/** What a field wants. The server's own words for it are a programmer's. */
function rule(name: string): string | null {
  const { faults } = t.entrance;
  switch (name) {
    case "username":
      return faults.username;
    case "email":
      return faults.email;
    case "password":
    case "new_password":
    case "current_password":
      return faults.length;
    case "recovery_code":
      return faults.code;
    case "invitation":
      return faults.invitation;
    default:
      return null;
  }
}

// The server's own rules: what passes here may still be refused there, and nothing is refused here that passes there.

export function looksLikeName(text: string): boolean {
  return /^[A-Za-z0-9._-]{3,64}$/.test(text);
}

export function looksLikeAddress(text: string): boolean {
  return /^[^@\s]+@[^@\s]+$/.test(text);
}

const CODE_SYMBOLS = 32;

/** Whether a recovery code or an invitation is whole; saves an attempt that cannot succeed, of which there are only so many. */
export function looksWhole(code: string): boolean {
  const symbols = code.replace(/[\s-]/g, "").toUpperCase();
  return symbols.length === CODE_SYMBOLS && /^[0-9A-TV-Z]*$/.test(symbols);
}
