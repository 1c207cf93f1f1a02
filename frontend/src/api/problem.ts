/** What went wrong, as the page understands it. */

import { t } from "../texts/texts.svelte";
import type { ProblemBody } from "./types";

/** Besides the server's codes: no answer came; what came was no answer of Strongroom's; the person stopped it; and how
 * asking for a passkey can end. */
export type OwnCode =
  | "unreachable"
  | "unintelligible"
  | "cancelled"
  | "passkey_cancelled"
  | "passkey_known"
  | "passkey_refused"
  | "passkey_impossible";

/** A problem's body; `code` may be one that this page does not know yet. */
export type Refusal = Partial<Omit<ProblemBody, "code">> & { code: string };

/** A refusal by the server (RFC 9457), or `status` 0 where none answered. `message` is a sentence fit to show. */
export class Problem extends Error {
  readonly code: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly requestId: string | null;

  constructor(
    readonly status: number,
    readonly body: Refusal,
    readonly retryAfterS: number | null = null,
  ) {
    super(sentence(body.code, body.detail, retryAfterS));
    this.code = body.code;
    this.requestId = body.request_id ?? null;
    this.fields = new Map(body.errors?.map(({ field, message }) => [field, message]));
  }

  /** Whether the same request may well succeed a moment later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

function sentence(code: string, detail: string | undefined, retryAfterS: number | null): string {
  const { problems } = t as Partial<typeof t>; // fetched right after the first view: not there if that was cut off
  const sentences: Record<string, string> = problems?.codes ?? {};
  const said = sentences[code] ?? detail ?? problems?.unknown ?? t.common.unreachable;
  return retryAfterS === null || problems === undefined ? said : `${said} ${problems.again(retryAfterS)}`;
}

/** Where something was to go and is gone already, that is what was wanted: `call(…).catch(unlessGone)`. */
export function unlessGone(error: unknown): void {
  if (!(error instanceof Problem) || error.status !== 404) throw error;
}

/** The sentence for whatever was thrown; details of a fault of ours go to the console and not to the person. */
export function told(error: unknown): string {
  if (error instanceof Problem) return error.message;
  console.error(error);
  return (t as Partial<typeof t>).problems?.unknown ?? t.common.unreachable;
}
