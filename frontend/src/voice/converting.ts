/** The AAC copy of a recording, for browsers that do not play what was recorded. */

import { call, client } from "../api/client";
import { Problem } from "../api/problem";

const LONGEST_MS = 10 * 60_000;
const AGAIN_AFTER_S = 2;

/** Resolves when the server has the copy. Rejects with its Problem, or when it takes too long, or with the signal. */
export async function converted(fileId: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + LONGEST_MS;
  for (;;) {
    try {
      const params = { path: { file_id: fileId }, query: { disposition: "inline", rendition: "aac" } } as const;
      const headers = { Range: "bytes=0-0" }; // a HEAD would not say what is wrong
      await call(client.GET("/files/{file_id}/content", { params, headers, parseAs: "blob", signal }));
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "not_ready" || Date.now() > until) throw error;
      await pause(1_000 * (error.retryAfterS ?? AGAIN_AFTER_S), signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Problem(0, { code: "cancelled" }));
    });
  });
}

const CODECS: Record<string, string> = { opus: "opus", vorbis: "vorbis", flac: "flac", aac: "mp4a.40.2", mp3: "mp3" };

/** Whether the browser says that it plays sound of this type. */
export function playable(mimeType: string | null, codec: string | undefined): boolean {
  if (mimeType === null) return true; // the player will tell
  const named = CODECS[codec ?? ""];
  const type = named === undefined || named === "mp3" ? mimeType : `${mimeType}; codecs="${named}"`;
  return document.createElement("audio").canPlayType(type) !== "";
}
