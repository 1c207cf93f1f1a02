/** Everything out as one ZIP, and in again (docs/export.md): too long for the door in `client.ts`, and it can be watched. */

import { BASE, refusal } from "./client";
import { Problem } from "./problem";
import type { ImportAnswer } from "./types";

export const EXPORT = `${BASE}/user/export`;
const ESTIMATE = "Strongroom-Export-Bytes";
const ZIP = "application/zip";
const ZIP_BEGINS = [0x50, 0x4b, 0x03, 0x04]; // of its first entry (APPNOTE 4.3.7)
const HEADERS_WITHIN_MS = 120_000; // everything is looked up before the first byte
const ANSWER_WITHIN_MS = 600_000; // once all of it has left

export interface Outgoing {
  estimateBytes: number | null;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Rejects with a Problem; with `signal`'s reason when stopped. */
export async function takeOut(signal: AbortSignal): Promise<Outgoing> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), HEADERS_WITHIN_MS);
  let response: Response;
  try {
    const stopped = AbortSignal.any([signal, late.signal]);
    response = await fetch(EXPORT, { credentials: "same-origin", redirect: "error", signal: stopped });
  } catch {
    signal.throwIfAborted();
    throw new Problem(0, { code: "unreachable" });
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok || response.body === null) {
    throw refusal(response.status, await response.json().catch(() => null), response.headers.get("Retry-After"));
  }
  const bytes = Number(response.headers.get(ESTIMATE));
  return { estimateBytes: bytes > 0 ? bytes : null, body: response.body };
}

/** Whether a file begins as a ZIP does: what does not need not be sent to be refused. */
export async function looksZipped(file: Blob): Promise<boolean> {
  const begin = new Uint8Array(await file.slice(0, ZIP_BEGINS.length).arrayBuffer());
  return ZIP_BEGINS.every((byte, at) => begin[at] === byte);
}

/** Told how many bytes have left. Rejects with a Problem; with `signal`'s reason when stopped. */
export function bringIn(file: Blob, onSent: (bytes: number) => void, signal: AbortSignal): Promise<ImportAnswer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much of a body has left
    const stop = () => request.abort();
    request.open("POST", `${BASE}/user/import`);
    request.setRequestHeader("Content-Type", ZIP);
    request.responseType = "json";
    let timer: ReturnType<typeof setTimeout> | undefined;
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.upload.onload = () => {
      onSent(file.size);
      timer = setTimeout(stop, ANSWER_WITHIN_MS);
    };
    request.onload = () => {
      if (request.status === 200) resolve(request.response as ImportAnswer);
      else reject(refusal(request.status, request.response, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(new Problem(0, { code: "unreachable" }));
    request.onabort = () => reject(signal.aborted ? signal.reason : new Problem(0, { code: "unreachable" }));
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    request.send(file);
  });
}
