/** Files on their way in. A file stays here, and can be sent again, until the server has acknowledged it. */

import * as api from "./api";
import { newId } from "./format";
import { room } from "./room.svelte";

const PARALLEL = 2;

export type Stage = "waiting" | "transferring" | "sealing" | "kept" | "failed";

class Upload {
  readonly id = newId();
  share = $state(0); // of the body that has left the browser, 0 to 1
  fileId = $state<string | null>(null); // once acknowledged
  active = $state(false);
  problem = $state<string | null>(null);
  #startedAtMs = 0;
  #abort = new AbortController();

  constructor(
    readonly file: File,
    readonly kind: "file" | "audio",
    readonly chatId: string | null,
  ) {}

  get stage(): Stage {
    if (this.problem !== null) return "failed";
    if (this.fileId !== null) {
      const row = room.files.find(({ file_id }) => file_id === this.fileId);
      if (row?.status === "error") return "failed";
      return row?.status === "ready" ? "kept" : "sealing";
    }
    if (!this.active) return "waiting";
    return this.share < 1 ? "transferring" : "sealing";
  }

  /** Bytes a second since this attempt began. */
  get rate(): number {
    const passed_s = (performance.now() - this.#startedAtMs) / 1000;
    return passed_s > 0 ? (this.share * this.file.size) / passed_s : 0;
  }

  cancel(): void {
    this.#abort.abort();
  }

  async run(): Promise<void> {
    this.#abort = new AbortController();
    this.#startedAtMs = performance.now();
    this.problem = null;
    this.share = 0;
    this.active = true;
    try {
      this.fileId = await api.upload({
        id: this.id,
        kind: this.kind,
        file: this.file,
        chatId: this.chatId,
        signal: this.#abort.signal,
        onProgress: (share) => (this.share = share),
      });
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      this.active = false;
    }
  }
}

class Uploads {
  all = $state<Upload[]>([]);

  add(files: Iterable<File>, kind: "file" | "audio" = "file"): void {
    for (const file of files) this.all.push(new Upload(file, kind, room.chatId));
    this.#fill();
  }

  again(upload: Upload): void {
    if (upload.fileId !== null) {
      void room.retryFile(upload.fileId); // it arrived whole; only the sealing is done again
      return;
    }
    upload.problem = null;
    this.#fill();
  }

  drop(upload: Upload): void {
    upload.cancel();
    this.all = this.all.filter((other) => other !== upload);
  }

  clearKept(): void {
    this.all = this.all.filter(({ stage }) => stage !== "kept");
  }

  /** Ends what is under way and empties the list: nothing of one person stays for the next. */
  clear(): void {
    for (const upload of this.all) upload.cancel();
    this.all = [];
  }

  #fill(): void {
    const free = PARALLEL - this.all.filter(({ active }) => active).length;
    const next = this.all.filter(({ stage }) => stage === "waiting").slice(0, Math.max(free, 0));
    for (const upload of next) {
      void upload.run().then(() => {
        this.#fill();
        if (upload.fileId !== null) void room.refreshFiles();
      });
    }
  }
}

export const uploads = new Uploads();
export type { Upload };
