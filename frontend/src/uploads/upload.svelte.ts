/** One file on its way in, as it is shown. What moves it is in carrier.ts, in this tab or in another one. */

import { Problem } from "../api/problem";
import type { FileKind, StoredFile } from "../api/types";
import type { UploadRow } from "../lib/local";
import { t } from "../texts/texts.svelte";

/** missing: after a reload the bytes are not here; the same file has to be chosen again. */
export type Stage = "waiting" | "transferring" | "paused" | "processing" | "kept" | "failed" | "missing";

/** Where an upload stands, as its tab tells the others. */
export interface Stand {
  stage: "waiting" | "transferring" | "paused" | "failed" | "missing" | "arrived";
  waitsFor: "turn" | "connection" | "server";
  sentBytes: number;
  rateBps: number;
  leftS: number | null;
  fileId: string | null;
  refusal: { code: string; message: string } | null;
}

const BEGINNING: Stand = {
  stage: "waiting",
  waitsFor: "turn",
  sentBytes: 0,
  rateBps: 0,
  leftS: null,
  fileId: null,
  refusal: null,
};

/** The rows of files, live. */
export interface FileRows {
  row(fileId: string): StoredFile | null | undefined;
  retry(fileId: string): Promise<void>;
}

export class Upload {
  readonly id: string;
  readonly type: string;
  readonly sizeBytes: number;
  readonly kind: FileKind;
  readonly chatId: string | null;
  readonly #lastModifiedMs: number;
  /** Off the list, and here only so that a message can name its file: as one that arrived before this page was opened. */
  hidden = $state(false);
  /** Resolves with the file's id. */
  readonly arrival: Promise<string>;
  /** A picture that can be shown before the server has it. */
  picture: Blob | null = null;
  #name: string;
  #stand = $state.raw<Stand>(BEGINNING);
  // Derived, so that who looks at one of them is not woken by the others: there may be a hundred of these.
  readonly stage: Stage = $derived.by(() => this.#stageNow());
  readonly sentBytes: number = $derived(this.#stand.sentBytes);
  /** The file that it became has been deleted. */
  readonly gone: boolean = $derived(this.#file === null);
  #settle!: { resolve: (fileId: string) => void; reject: (problem: Problem) => void };

  constructor(
    row: UploadRow,
    private readonly files: FileRows,
  ) {
    this.id = row.id;
    this.#name = row.name;
    this.type = row.type;
    this.sizeBytes = row.sizeBytes;
    this.kind = row.kind;
    this.chatId = row.chatId;
    this.#lastModifiedMs = row.lastModifiedMs;
    this.hidden = row.fileId !== null;
    this.arrival = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.arrival.catch(() => {}); // nobody has to wait for it
    if (row.fileId !== null) this.tell({ stage: "arrived", fileId: row.fileId, sentBytes: row.sizeBytes });
    else if (row.paused) this.tell({ stage: "paused" });
  }

  get name(): string {
    return this.#name || this.#file?.name || "";
  }

  #stageNow(): Stage {
    const { stage } = this.#stand;
    if (stage !== "arrived") return stage;
    if (this.#stand.refusal !== null) return "failed";
    switch (this.#file?.status) {
      case "ready":
        return "kept";
      case "error":
        return "failed";
      default:
        return "processing";
    }
  }

  get waitsFor(): Stand["waitsFor"] {
    return this.#stand.waitsFor;
  }

  get rateBps(): number {
    return this.#stand.rateBps;
  }

  get leftS(): number | null {
    return this.#stand.leftS;
  }

  get fileId(): string | null {
    return this.#stand.fileId;
  }

  /** How much of the sealing is done, 0 to 1; null while that is not known. */
  get processing(): number | null {
    return this.#file?.progress ?? null;
  }

  /** Why it failed: a sentence. */
  get problem(): string | null {
    const { refusal } = this.#stand;
    if (refusal !== null) return sentence(refusal);
    if (this.#file?.status !== "error") return null;
    const sentences: Record<string, string> = t.problems.files;
    return sentences[this.#file.error_code ?? ""] ?? t.problems.files.processing_failed;
  }

  get stand(): Stand {
    return this.#stand;
  }

  /** Whether it is the same file, by what can be seen of it. */
  matches(file: File): boolean {
    return file.name === this.#name && file.size === this.sizeBytes && file.lastModified === this.#lastModifiedMs;
  }

  /** What has changed about it. */
  tell(change: Partial<Stand>): void {
    this.#stand = { ...this.#stand, ...change };
    if (this.#stand.fileId !== null) this.#settle.resolve(this.#stand.fileId);
  }

  /** It will never arrive: it was cancelled, or its person has gone. */
  abandon(): void {
    this.#settle.reject(new Problem(0, { code: "cancelled" }));
  }

  async retryProcessing(): Promise<void> {
    const { fileId } = this.#stand;
    if (fileId === null) return;
    try {
      await this.files.retry(fileId);
      this.tell({ refusal: null });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "not_retryable") this.tell({ refusal: null });
      else this.tell({ refusal: { code: error.code, message: error.message } });
    }
  }

  get #file(): StoredFile | null | undefined {
    const { fileId } = this.#stand;
    return fileId === null ? undefined : this.files.row(fileId);
  }
}

function sentence({ code, message }: { code: string; message: string }): string {
  const sentences: Record<string, string> = t.uploads.refused;
  return sentences[code] ?? message;
}
