/** The rows of the person's files that the page has seen, kept up to date. Lists of files hold ids and look here. */

import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { call, client } from "../api/client";
import { Problem } from "../api/problem";
import type { LiveEvent } from "../api/events";
import type { StoredFile } from "../api/types";
import { live } from "./live.svelte";
import { session } from "./session.svelte";

const AT_ONCE = 3;
const ROWS_AT_MOST = 5_000;
const AGAIN_MS = 5_000; // after a refusal that passes

class Files {
  /** null: it is gone. */
  #rows = new SvelteMap<string, StoredFile | null>();
  #wanted = new Set<string>();
  #fetching = new Set<string>(); // another set for each who comes
  #unanswered = new Set<string>();
  #onArrived = new Set<(fileId: string) => void>();
  #onGone = new Set<(fileId: string) => void>();

  constructor() {
    session.join({ enter: () => {}, leave: () => this.#clear() });
    live.onEvent((event) => this.#happened(event));
    live.onProgress(({ file_id, progress }) => {
      const row = this.#rows.get(file_id);
      if (row != null && row.status === "processing") this.#set(file_id, { ...row, progress });
    });
    live.onRefresh(() => {
      for (const [id, row] of this.#rows) if (row?.status === "processing") this.#ask(id);
      for (const id of this.#unanswered) this.#ask(id);
      this.#unanswered.clear();
    });
  }

  /** What is known of a file: undefined while it is being asked for, null when it is gone. */
  row(fileId: string): StoredFile | null | undefined {
    const row = this.#rows.get(fileId);
    if (row === undefined && !this.#fetching.has(fileId)) this.#ask(fileId);
    return row;
  }

  /** Rows that came with something else. */
  put(rows: Iterable<StoredFile>): void {
    for (const row of rows) this.#set(row.file_id, row);
  }

  drop(fileId: string): void {
    this.#set(fileId, null);
    for (const listener of this.#onGone) listener(fileId);
  }

  /** Called for each file that is new to the person. */
  onArrived(listener: (fileId: string) => void): () => void {
    this.#onArrived.add(listener);
    return () => this.#onArrived.delete(listener);
  }

  /** Called for each file that is not there any more. */
  onGone(listener: (fileId: string) => void): () => void {
    this.#onGone.add(listener);
    return () => this.#onGone.delete(listener);
  }

  async retry(fileId: string): Promise<void> {
    await call(client.POST("/files/{file_id}/retry", { params: { path: { file_id: fileId } } }));
    this.#ask(fileId);
  }

  #clear(): void {
    this.#rows.clear();
    this.#wanted.clear();
    this.#unanswered.clear();
    this.#fetching = new Set();
  }

  /** The oldest go when there are too many, except those that something still happens to. */
  #set(fileId: string, row: StoredFile | null): void {
    this.#rows.set(fileId, row);
    untrack(() => {
      if (this.#rows.size <= ROWS_AT_MOST) return;
      for (const [id, row] of this.#rows) {
        if (id === fileId || row?.status === "processing") continue;
        this.#rows.delete(id);
        return;
      }
    });
  }

  #happened({ type, data }: LiveEvent): void {
    if (!("file_id" in data)) return;
    if (data.status === "deleted" || data.forgotten) {
      this.drop(data.file_id);
      return;
    }
    if (type === "FileUploaded") for (const listener of this.#onArrived) listener(data.file_id);
    const { file_id } = data;
    // One that is being asked for just now may be answered as it was before this happened.
    const known = this.#rows.has(file_id) || this.#fetching.has(file_id) || this.#wanted.has(file_id);
    if (type === "FileUploaded" || known) this.#ask(file_id);
  }

  #ask(fileId: string): void {
    this.#wanted.add(fileId);
    queueMicrotask(() => this.#next()); // not while something is being drawn
  }

  #next(): void {
    for (const fileId of this.#wanted) {
      if (this.#fetching.has(fileId)) continue; // what has happened meanwhile is asked for afterwards
      if (this.#fetching.size >= AT_ONCE) return;
      this.#wanted.delete(fileId);
      const fetching = this.#fetching;
      fetching.add(fileId);
      void this.#fetch(fileId).finally(() => {
        fetching.delete(fileId);
        this.#next();
      });
    }
  }

  #later(fileId: string): void {
    this.#unanswered.add(fileId);
    setTimeout(() => {
      if (this.#unanswered.delete(fileId)) this.#ask(fileId);
    }, AGAIN_MS);
  }

  async #fetch(fileId: string): Promise<void> {
    const fetching = this.#fetching;
    const left = () => fetching !== this.#fetching; // whoever asked
    try {
      const row = await call(client.GET("/files/{file_id}", { params: { path: { file_id: fileId } } }));
      if (!left()) this.#set(fileId, row);
    } catch (error) {
      if (left() || !(error instanceof Problem)) return;
      if (error.status === 404) this.drop(fileId);
      else if (error.passing) this.#later(fileId);
    }
  }
}

export const files = new Files();
