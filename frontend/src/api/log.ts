/** The public log (docs/log.md): outside the API, the same for everybody, so asked for without saying who one is. */

import { Problem } from "./problem";

const WITHIN_MS = 20_000;
const MOST_BYTES = 64 * 1024; // a note; a tile is smaller

export type Bytes = Uint8Array<ArrayBuffer>;

/** What lies at `/log/<path>`; null when there is no such thing. */
async function fetched(path: string): Promise<Bytes | null> {
  let body: ArrayBuffer;
  let status: number;
  try {
    const response = await fetch(`/log/${path}`, {
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    status = response.status;
    body = await response.arrayBuffer();
  } catch {
    throw new Problem(0, { code: "unreachable" });
  }
  if (status === 404) return null;
  if (status !== 200 || body.byteLength > MOST_BYTES) {
    throw new Problem(status, { code: status === 503 ? "busy" : "unintelligible" });
  }
  return new Uint8Array(body);
}

export const log = {
  /** The verifier key's line; null before there is one. */
  async key(): Promise<string | null> {
    const data = await fetched("key");
    return data === null ? null : new TextDecoder().decode(data).trimEnd();
  },
  /** Of an erasure, by the position of its event: a signed note. null: there is none of it. While it is not finished and
   * signed, a Problem with status 503. */
  async receipt(position: number): Promise<string | null> {
    const data = await fetched(`receipt/${position}`);
    return data === null ? null : new TextDecoder().decode(data);
  },
  tile: (path: string): Promise<Bytes | null> => fetched(`tile/${path}`),
};
