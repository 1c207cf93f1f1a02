/** The transport that is used: tus 1.0.0 by tus-js-client. Fetched with the first upload, for it is large.
 *
 * Its own retrying and its own memory in localStorage stay unused: the first gives up, and begins from zero whenever it
 * is told anything but the offset; the second would keep names beyond the rules of lib/local.ts. */

import { DefaultHttpStack, Upload, type DetailedError, type HttpResponse } from "tus-js-client";
import { addresses, refusal } from "../api/client";
import { Problem } from "../api/problem";
import type { Order, Transport } from "./transport";

const FILE_ID = "Strongroom-File-Id";
const LOOK_MS = 20_000;
const http = new DefaultHttpStack({});

function problemIn(response: HttpResponse): Problem {
  let body: unknown = null;
  try {
    body = JSON.parse(response.getBody());
  } catch {
    // HEAD has none, and a proxy's is not ours.
  }
  return refusal(response.getStatus(), body, response.getHeader("Retry-After") ?? null);
}

function problemOf(error: Error | DetailedError): Problem {
  if (!("originalResponse" in error)) throw error;
  return error.originalResponse === null ? new Problem(0, { code: "unreachable" }) : problemIn(error.originalResponse);
}

function send(order: Order, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(order.bytes, {
      // Without an endpoint it cannot begin anew by itself, and says what the server said.
      ...(order.url === null ? { endpoint: addresses.uploads } : { uploadUrl: order.url }),
      metadata: order.metadata,
      retryDelays: null,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        signal.throwIfAborted(); // its `abort` goes unheard while it is starting
        if (request.getMethod() === "POST") request.setHeader("Idempotency-Key", order.key);
      },
      onUploadUrlAvailable: () => {
        if (upload.url !== null) order.onUrl(upload.url);
      },
      onProgress: (sentBytes) => order.onProgress(sentBytes),
      onSuccess: ({ lastResponse }) => {
        const fileId = lastResponse.getHeader(FILE_ID);
        if (fileId) resolve(fileId);
        else reject(new Problem(0, { code: "unintelligible" }));
      },
      onError: (error) => {
        try {
          reject(problemOf(error));
        } catch (fault) {
          reject(fault);
        }
      },
    });
    const stop = () => {
      void upload.abort();
      reject(signal.reason);
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    upload.start();
  });
}

async function look(url: string): Promise<{ offsetBytes: number; fileId: string | null }> {
  const request = http.createRequest("HEAD", url);
  request.setHeader("Tus-Resumable", "1.0.0");
  let response: HttpResponse;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(reject, LOOK_MS)));
  try {
    response = await Promise.race([request.send(null), late]);
  } catch {
    void request.abort();
    throw new Problem(0, { code: "unreachable" });
  } finally {
    clearTimeout(timer);
  }
  if (response.getStatus() !== 200) throw problemIn(response);
  return { offsetBytes: Number(response.getHeader("Upload-Offset")), fileId: response.getHeader(FILE_ID) ?? null };
}

async function end(url: string): Promise<void> {
  await Upload.terminate(url, { retryDelays: null }).catch(() => {});
}

export const tus: Transport = { send, look, end };
