/** The one door: every request that the page makes to the server goes through here.
 *
 * The session is an HttpOnly cookie that no script can read; the browser adds it, and `Sec-Fetch-Site`, by which the
 * server tells this page's requests from those of other sites (docs/decisions/0012). */

import createClient from "openapi-fetch";
import { newId } from "../lib/ids";
import { Problem, type Refusal } from "./problem";
import type { paths } from "./schema";

export const BASE = "/api/v1";
const HEADERS_WITHIN_MS = 20_000;
const BODY_WITHIN_MS = 120_000; // once it has begun to come
const TRIES = 3;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 5_000;

const OF_PROOFS = new Set(["bad_code", "second_factor_required"]); // 401, too, but not about the session

let onSessionEnded: () => void = () => {};

/** Calls back when the server does not know any more who is asking. */
export function whenSessionEnds(callback: () => void): void {
  onSessionEnded = callback;
}

/** Told by what does not go through `call` (resumable uploads, players). */
export function sessionEnded(): void {
  onSessionEnded();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Safe to send again: it changes nothing, or the server carries it out once however often it comes. */
function repeatable(request: Request): boolean {
  return request.method === "GET" || request.method === "HEAD" || request.headers.has("Idempotency-Key");
}

let answered = true;

/** Whether the newest request was answered, and not put off till later. */
export function answering(): boolean {
  return answered;
}

/** With all of the body: one that is cut off fails here, where it can be asked for again. */
async function once(request: Request): Promise<Response> {
  const late = new AbortController();
  const signal = AbortSignal.any([request.signal, late.signal]);
  let timer = setTimeout(() => late.abort(), HEADERS_WITHIN_MS);
  answered = false;
  try {
    const response = await fetch(new Request(request.clone(), { signal }));
    clearTimeout(timer);
    timer = setTimeout(() => late.abort(), BODY_WITHIN_MS);
    const body = await response.arrayBuffer();
    answered = response.status < 429; // what passes, or is the server's own fault, lies above
    return new Response(body.byteLength === 0 ? null : body, response);
  } finally {
    clearTimeout(timer);
  }
}

/** fetch, with a bound in time, and again where that is safe and likely to help. */
async function patiently(request: Request): Promise<Response> {
  const tries = repeatable(request) ? TRIES : 1;
  let pauseMs = FIRST_PAUSE_MS;
  for (let left = tries - 1; ; left -= 1) {
    try {
      const response = await once(request);
      if (response.status !== 503 || left === 0) return response;
      const retryAfterMs = 1_000 * Number(response.headers.get("Retry-After") ?? 0);
      if (retryAfterMs > LONGEST_PAUSE_MS) return response;
      pauseMs = Math.max(pauseMs, retryAfterMs);
    } catch (error) {
      if (request.signal.aborted) throw new Problem(0, { code: "cancelled" });
      if (left === 0) throw new Problem(0, { code: "unreachable" });
      if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    }
    await pause(pauseMs);
    pauseMs *= 2;
  }
}

export const client = createClient<paths>({ baseUrl: BASE, credentials: "same-origin", redirect: "error", fetch: patiently });

/** The parameter under which the same request, sent again, is carried out once: `params: keyed(key)`. */
export function keyed(key: string = newId()) {
  return { header: { "Idempotency-Key": key } };
}

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** What the server answered; a Problem for everything else.
 *
 * `await call(client.GET("/user/data", { params: { query: { limit: 50 } } }))` */
export async function call<T>(asked: Promise<Outcome<T>>): Promise<Exclude<T, string>> {
  let outcome: Outcome<T>;
  try {
    outcome = await asked;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(0, { code: "unintelligible" }); // a proxy's page, say, where JSON was due
  }
  const { data, error, response } = outcome;
  if (response.ok) return data as Exclude<T, string>; // text (NDJSON) comes only to who asks for it
  throw refusal(response.status, error, response.headers.get("Retry-After"));
}

/** The Problem in a refusing answer; tells the page when the session has ended. */
export function refusal(status: number, body: unknown, retryAfter: string | null): Problem {
  const problem = new Problem(status, asProblem(body), retryAfter === null ? null : Number(retryAfter));
  if (status === 401 && !OF_PROOFS.has(problem.code)) onSessionEnded();
  return problem;
}

function asProblem(body: unknown): Refusal {
  if (typeof body === "object" && body !== null && "code" in body && typeof body.code === "string") {
    return body as Refusal;
  }
  return { code: "unintelligible" };
}

export const addresses = {
  /** The bytes as they came, as an attachment. */
  download: (fileId: string) => `${BASE}/files/${fileId}/content`,
  /** The bytes as they came, to be shown. */
  show: (fileId: string) => `${BASE}/files/${fileId}/content?disposition=inline`,
  /** A copy that shows its length and can be sought, where the original does not. */
  play: (fileId: string) => `${BASE}/files/${fileId}/content?disposition=inline&rendition=play`,
  /** AAC, for players without Opus; made when first asked for. */
  aac: (fileId: string) => `${BASE}/files/${fileId}/content?disposition=inline&rendition=aac`,
  thumbnail: (fileId: string) => `${BASE}/files/${fileId}/thumbnail`,
  stream: (after: number | null) => `${BASE}/stream${after === null ? "" : `?after=${after}`}`,
  uploads: `${BASE}/uploads`,
};
