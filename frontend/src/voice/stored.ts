/** What the server found out about sound: waveforms and transcripts, asked for once and kept for as long as they fit. */

import { call, client } from "../api/client";
import { Problem } from "../api/problem";
import type { Transcript } from "../api/types";
import { session } from "../state/session.svelte";
import { normalised, parseWaveform } from "./waveform";

const WAVEFORMS_KEPT = 300;
const TRANSCRIPTS_KEPT = 20;

/** Answers by file, the one asked for last at the end. What failed is not kept. */
class Answers<T> {
  #kept = new Map<string, Promise<T>>();

  constructor(
    private readonly most: number,
    private readonly ask: (fileId: string) => Promise<T>,
  ) {}

  of(fileId: string): Promise<T> {
    const answer = this.#kept.get(fileId) ?? this.ask(fileId);
    this.#kept.delete(fileId);
    this.#kept.set(fileId, answer);
    answer.catch(() => this.#kept.delete(fileId));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.most && oldest !== undefined) this.#kept.delete(oldest);
    return answer;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** Peaks from 0 to 1; null where there are none to draw. */
export const waveforms = new Answers<Float32Array | null>(WAVEFORMS_KEPT, async (fileId) => {
  const params = { path: { file_id: fileId } };
  try {
    const peaks = parseWaveform(await call<unknown>(client.GET("/files/{file_id}/waveform", { params })));
    return peaks === null ? null : normalised(peaks);
  } catch (error) {
    if (error instanceof Problem && error.code === "no_rendition") return null;
    throw error;
  }
});

export const transcripts = new Answers<Transcript>(TRANSCRIPTS_KEPT, (fileId) =>
  call(client.GET("/files/{file_id}/transcript", { params: { path: { file_id: fileId } } })),
);

session.join({
  enter: () => {},
  leave: () => {
    waveforms.clear();
    transcripts.clear();
  },
});
