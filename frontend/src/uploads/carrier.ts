/** Moves one upload, in the tab that holds its lock, until the server has it or the person has had enough. */

import { Problem, told } from "../api/problem";
import type { UploadRow } from "../lib/local";
import { newId } from "../lib/ids";
import type { Release, Slots } from "./locks";
import { sentName, sentType } from "./names";
import { Meter } from "./pace";
import { pauseMs, type Pauses } from "./pauses";
import type { Shelf } from "./shelf";
import { judge, type Transport } from "./transport";
import type { Upload } from "./upload.svelte";

export interface Means {
  transport: Transport;
  slots: Slots;
  shelf: Shelf;
  pauses: Pauses;
  /** Somebody is signed in. */
  open(): boolean;
  /** Something is to be told to the other tabs. */
  changed(upload: Upload): void;
  arrived(upload: Upload): void;
}

export class Carrier {
  #rowKept = false;
  #bytesKept = false;
  #keeping: Promise<unknown> = Promise.resolve();
  #run: AbortController | null = null;
  #closed = false;
  #key: string;
  #farthestBytes = 0; // that the server was known to have

  constructor(
    readonly upload: Upload,
    private row: UploadRow,
    private bytes: Blob | null,
    private readonly means: Means,
    private readonly lock: Promise<Release>,
  ) {
    this.#key = row.id;
    if (bytes !== null && bytes.type.startsWith("image/")) upload.picture = bytes;
  }

  /** Whether a reload would find it again, and its bytes. */
  get kept(): boolean {
    return this.#rowKept && this.#bytesKept;
  }

  get ofRow(): UploadRow {
    return this.row;
  }

  /** For a file just chosen. */
  begin(): void {
    const saved = this.#save({}); // before all else: a reload may come
    this.#keeping = Promise.all([saved, this.#keep()]);
    this.go();
  }

  /** Resolves when it does not depend on this page alone any more. */
  async held(): Promise<void> {
    await this.#keeping;
    if (!this.kept) await this.upload.arrival;
  }

  /** For one from an earlier page, or of a tab that is gone: on with it, as far as that is possible from here. */
  async takeUp(): Promise<void> {
    this.#rowKept = true;
    this.#bytesKept = this.bytes !== null;
    if (this.row.paused) return this.#tell({ stage: "paused" });
    if (this.bytes !== null) {
      this.#tell({ stage: "waiting", waitsFor: "turn" });
      return this.go();
    }
    this.#tell({ stage: "missing" });
    if (this.row.tusUrl === null) return;
    try {
      const { offsetBytes, fileId } = await this.means.transport.look(this.row.tusUrl);
      if (this.#closed || this.bytes !== null) return;
      if (fileId !== null) await this.#arrived(fileId);
      else this.#tell({ sentBytes: offsetBytes });
    } catch {
      // How far it had come is seen when the file is chosen again.
    }
  }

  /** On with it, unless it is paused, failed, missing or under way. */
  go(): void {
    if (this.#closed || this.#run !== null || this.bytes === null || this.row.paused || !this.means.open()) return;
    const { stage } = this.upload.stand;
    if (stage === "failed" || stage === "arrived") return;
    this.#run = new AbortController();
    void this.#carry(this.bytes, this.#run.signal).catch((error: unknown) => this.#fail(error));
  }

  pause(): void {
    this.#stop();
    this.#tell({ stage: "paused", rateBps: 0, leftS: null });
    void this.#save({ paused: true });
  }

  resume(): void {
    void this.#save({ paused: false });
    if (this.bytes === null) return void this.takeUp();
    this.retry();
  }

  retry(): void {
    if (this.upload.stand.stage === "failed") this.#key = newId(); // what the last one began may be what was refused
    this.#tell({ stage: this.bytes === null ? "missing" : "waiting", waitsFor: "turn", refusal: null });
    this.go();
  }

  /** The same file, chosen once more. */
  rechoose(file: File): void {
    this.bytes = file;
    if (file.type.startsWith("image/")) this.upload.picture = file;
    this.#keeping = this.#keep();
    this.resume();
  }

  /** The session has ended by itself: stands still until the same person is back. */
  halt(): void {
    if (this.#run === null) return;
    this.#stop();
    this.#tell({ stage: "paused", rateBps: 0, leftS: null });
  }

  /** And on again, unless the person had paused it. */
  unhalt(): void {
    if (this.upload.stand.stage === "paused" && !this.row.paused) this.resume();
    else this.go();
  }

  /** Takes it off this browser and, as far as it can be reached, off the server. */
  async cancel(): Promise<void> {
    this.close();
    await this.means.shelf.drop(this.row.id);
    if (this.row.tusUrl !== null) await this.means.transport.end(this.row.tusUrl);
  }

  /** Lets go of it; nothing is written from here on. */
  close(): void {
    this.#closed = true;
    this.#stop();
    this.lock.then((release) => release()).catch(() => {});
  }

  async #carry(bytes: Blob, signal: AbortSignal): Promise<void> {
    let failures = 0;
    let leave: Release | null = null;
    try {
      for (;;) {
        leave ??= await this.means.slots.take(signal);
        const farthestBytes = this.#farthestBytes;
        try {
          await this.#arrived(await this.#attempt(bytes, signal));
          return;
        } catch (error) {
          if (signal.aborted) return;
          const problem = await this.#reason(bytes, error);
          if (problem === null) return this.#lost();
          if (problem.status === 401) return this.halt(); // the page has been told that the session has ended
          failures = this.#farthestBytes > farthestBytes ? 1 : failures + 1;
          const verdict = judge(problem, this.row.tusUrl !== null, failures);
          if (verdict.next === "refused") throw problem;
          if (verdict.next === "anew") {
            this.#key = newId();
            this.#farthestBytes = 0;
            await this.#save({ tusUrl: null });
            if (failures === 1) continue;
          }
          if (verdict.next === "again" && !verdict.everybody) {
            leave();
            leave = null;
          }
          const waitsFor = verdict.next === "again" ? verdict.waitsFor : "server";
          this.#tell({ stage: "waiting", waitsFor, rateBps: 0, leftS: null });
          if (await this.means.pauses.sleep(pauseMs(failures, problem.retryAfterS), signal)) failures = 0;
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      leave?.();
    }
  }

  async #attempt(bytes: Blob, signal: AbortSignal): Promise<string> {
    const stalled = new AbortController();
    const meter = new Meter(
      bytes.size,
      (reading) => this.#tell({ stage: "transferring", ...reading }),
      () => stalled.abort(new Problem(0, { code: "unreachable" })),
    );
    let first = true;
    const { name, type, kind, chatId, tusUrl } = this.row;
    const metadata = { filename: sentName(name), filetype: sentType(type), kind, ...(chatId && { chat_id: chatId }) };
    try {
      return await this.means.transport.send(
        {
          bytes,
          url: tusUrl,
          key: this.#key,
          metadata,
          onUrl: (url) => {
            if (url !== this.row.tusUrl) void this.#save({ tusUrl: url });
          },
          onProgress: (sentBytes) => {
            if (signal.aborted) return;
            if (first) this.#farthestBytes = Math.max(this.#farthestBytes, sentBytes);
            first = false;
            meter.moved(sentBytes);
          },
        },
        AbortSignal.any([signal, stalled.signal]),
      );
    } finally {
      meter.close();
    }
  }

  /** What an attempt failed for; null when it was the bytes: the file was moved, changed or taken away. */
  async #reason(bytes: Blob, error: unknown): Promise<Problem | null> {
    if (!(error instanceof Problem)) throw error;
    if (error.status !== 0 || bytes.size === 0) return error;
    return bytes
      .slice(0, 1)
      .arrayBuffer()
      .then(
        () => error,
        () => null,
      );
  }

  async #lost(): Promise<void> {
    this.#run = null;
    const kept = await this.means.shelf.bytes(this.row.id);
    if (kept === this.bytes || this.#closed) return;
    this.bytes = kept;
    this.#tell({ stage: kept === null ? "missing" : "waiting", waitsFor: "turn", rateBps: 0, leftS: null });
    this.go();
  }

  async #arrived(fileId: string): Promise<void> {
    this.#run = null;
    if (this.#closed) return;
    this.#tell({ stage: "arrived", fileId, sentBytes: this.row.sizeBytes, rateBps: 0, leftS: null });
    await this.means.shelf.acknowledge(this.row, fileId, () => !this.#closed);
    this.close();
    this.means.arrived(this.upload);
  }

  #fail(error: unknown): void {
    this.#run = null;
    const code = error instanceof Problem ? error.code : "unknown";
    this.#tell({ stage: "failed", refusal: { code, message: told(error) }, rateBps: 0, leftS: null });
  }

  #stop(): void {
    this.#run?.abort();
    this.#run = null;
  }

  #tell(change: Parameters<Upload["tell"]>[0]): void {
    this.upload.tell(change);
    if (!this.#closed) this.means.changed(this.upload);
  }

  async #save(change: Partial<UploadRow>): Promise<void> {
    this.row = { ...this.row, ...change };
    await this.lock.catch(() => {}); // others must not find the row before the lock is ours
    const { row } = this;
    const saved = await this.means.shelf.save(row, () => !this.#closed && this.upload.fileId === null);
    this.#rowKept ||= saved;
  }

  async #keep(): Promise<void> {
    if (this.bytes === null || this.#bytesKept) return;
    this.#bytesKept = await this.means.shelf.keepBytes(this.row, this.bytes, () => !this.#closed && this.upload.fileId === null);
  }
}
