/** What the tabs of one browser tell each other about uploads: the one that moves an upload tells, the others show. */

import type { UploadRow } from "../lib/local";
import type { Stand, Upload } from "./upload.svelte";

export type Deed = { deed: "pause" | "resume" | "cancel" | "retry" } | { deed: "rechoose"; file: File };

export type News =
  | { news: "hello"; userId: string } // a tab has come: who moves what?
  | { news: "stands"; row: UploadRow; stand: Stand }
  | { news: "gone" | "hidden"; userId: string; id: string }
  | { news: "asked"; userId: string; id: string; deed: Deed }; // of whoever moves it

const EVERY_MS = 500;
const SAID_AT_ONCE = ["stage", "waitsFor", "fileId", "refusal"] as const;

export class Tabs {
  #channel = new BroadcastChannel("strongroom.uploads");
  #told = new Map<string, { atMs: number; stand: Stand }>();

  constructor(onNews: (news: News) => void) {
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => onNews(data);
  }

  say(news: News): void {
    this.#channel.postMessage(news);
  }

  /** Where an upload stands: at once what matters, progress now and then. */
  tell({ id, stand }: Upload, row: UploadRow, nowMs = performance.now()): void {
    const last = this.#told.get(id);
    const same = last !== undefined && SAID_AT_ONCE.every((field) => last.stand[field] === stand[field]);
    if (same && nowMs - last.atMs < EVERY_MS) return;
    this.#told.set(id, { atMs: nowMs, stand });
    this.say({ news: "stands", row, stand });
  }

  forget(id: string): void {
    this.#told.delete(id);
  }

  close(): void {
    this.#channel.close();
  }
}
