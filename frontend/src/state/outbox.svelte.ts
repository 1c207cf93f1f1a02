/** Messages that the server has not acknowledged. Each stays here, and in this browser, until it has.
 *
 * Those of one chat go one after the other, in the order in which they were written; one that waits for its files lets the
 * others pass. A message has its id from the start, so that sending it twice, from two tabs or after a crash, stores it
 * once. All tabs have the same list; a lock says which one sends a message. */

import { call, client } from "../api/client";
import { Problem, told } from "../api/problem";
import { newId } from "../lib/ids";
import { dropRow, idIn, keepRow, keptRows, readRow, type OutboxRow } from "../lib/unsentRows";
import { chats } from "./chats.svelte";
import { drafts } from "./drafts.svelte";
import { uploading } from "./later";
import { session } from "./session.svelte";
import { timeline } from "./timeline.svelte";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

type New = Pick<OutboxRow, "chatId" | "newChat" | "content" | "contentType" | "fileIds" | "uploadIds">;
type Begun = (was: string, is: string) => void;

class Outbox {
  /** In the order in which they were written. */
  all = $state<OutboxRow[]>([]);
  #onBegun = new Set<Begun>();
  #driven = new Set<string>(); // chats whose messages are on their way
  #awaited = new Set<string>(); // messages that wait for their files
  #unkept = new Set<string>(); // the browser had no room: only this page holds them
  #wake = new Set<() => void>();
  #userId: string | null = null;

  constructor() {
    session.join({
      enter: ({ id }) => this.#load(id),
      leave: (gone) => {
        this.#userId = null;
        if (gone) this.all = [];
        this.#wakeAll();
      },
    });
    chats.onDeleted((chatId) => {
      drafts.clear(chatId);
      for (const { id } of this.of(chatId)) this.drop(id);
    });
    addEventListener("online", () => this.#wakeAll());
    addEventListener("storage", ({ key, newValue }) => this.#elsewhere(key, newValue));
    addEventListener("beforeunload", (event) => {
      if (this.all.some(({ id }) => this.#unkept.has(id))) event.preventDefault();
    });
  }

  of(chatId: string): OutboxRow[] {
    return this.all.filter((row) => row.chatId === chatId);
  }

  /** Chats that are only here as yet: the first message of each. */
  newChats = $derived([
    ...new Map(this.all.flatMap((row) => (row.newChat ? [[row.chatId, row] as const] : [])).reverse()).values(),
  ]);

  isNew(chatId: string): boolean {
    return this.newChats.some((row) => row.chatId === chatId);
  }

  /** Told when a chat that was begun here has got its real id. Gives back how to stop that. */
  onBegun(listener: Begun): () => void {
    this.#onBegun.add(listener);
    return () => this.#onBegun.delete(listener);
  }

  /** The real id of a chat that was begun here, once it has one. */
  begun(chatId: string): Promise<string> {
    return new Promise((resolve) => {
      const stop = this.onBegun((was, is) => {
        if (was !== chatId) return;
        stop();
        resolve(is);
      });
    });
  }

  /** From here on the draft is not needed any more. */
  send(message: New): void {
    if (this.#userId === null) throw new Error("nobody is signed in");
    const createdAt = new Date().toISOString();
    const row: OutboxRow = { ...message, id: newId(), userId: this.#userId, createdAt, failed: null };
    this.all.push(row);
    this.#keep(row);
    this.#go(row.id);
  }

  retry(id: string): void {
    const row = this.#row(id);
    if (row === undefined) return;
    row.failed = null;
    this.#keep(row);
    this.#go(id);
    this.#wakeAll();
  }

  drop(id: string): void {
    const row = this.#row(id);
    if (row !== undefined) dropRow(row);
    this.#unkept.delete(id);
    this.all = this.all.filter((each) => each.id !== id);
  }

  #row(id: string): OutboxRow | undefined {
    return this.all.find((row) => row.id === id);
  }

  #keep(row: OutboxRow): void {
    if (keepRow($state.snapshot(row))) this.#unkept.delete(row.id);
    else this.#unkept.add(row.id);
  }

  #load(userId: string): void {
    this.#userId = userId;
    const rows = keptRows(userId);
    const kept = new Set(rows.map(({ id }) => id));
    const held = this.all.filter((row) => row.userId === userId && !kept.has(row.id) && this.#unkept.has(row.id));
    this.all = [...held, ...rows];
    for (const { id } of this.all) this.#go(id);
  }

  /** Another tab has written, changed or finished one. */
  #elsewhere(key: string | null, value: string | null): void {
    if (this.#userId === null) return;
    const id = idIn(key, this.#userId);
    if (id === null) return;
    const [row, here] = [readRow(value), this.#row(id)];
    if (row === null) this.all = this.all.filter((each) => each.id !== id);
    else if (here === undefined) this.all.push(row);
    else {
      if (here.newChat && !row.newChat) this.#moved(here.chatId, row.chatId);
      Object.assign(here, row);
    }
    this.#go(id);
  }

  #go(id: string): void {
    const row = this.#row(id);
    if (row === undefined || row.failed !== null) return;
    if (row.uploadIds.length > 0) void this.#await(row);
    else void this.#drive(row.chatId);
  }

  /** Until its files are there; then it takes its turn. */
  async #await(row: OutboxRow): Promise<void> {
    if (this.#awaited.has(row.id)) return;
    this.#awaited.add(row.id);
    try {
      const uploads = await this.#patiently(() => uploading.ready());
      if (uploads === null) return;
      const arrived = await Promise.all(row.uploadIds.map((id) => uploads.arrived(id).catch(cancelled)));
      const now = this.#row(row.id);
      if (now === undefined || this.#userId !== row.userId) return;
      now.fileIds = [...now.fileIds, ...arrived.filter((fileId) => fileId !== null)];
      now.uploadIds = [];
      if (now.content === "" && now.fileIds.length === 0) this.drop(now.id); // every file of it was cancelled
      else this.#keep(now);
    } finally {
      this.#awaited.delete(row.id);
    }
    this.#go(row.id);
  }

  async #drive(chatId: string): Promise<void> {
    if (this.#driven.has(chatId)) return;
    this.#driven.add(chatId);
    try {
      while (this.#userId !== null) {
        const row = this.all.find((each) => each.chatId === chatId && each.failed === null && each.uploadIds.length === 0);
        if (row === undefined) return;
        try {
          if ((await this.#patiently(() => this.#deliver(row.id))) === null) return;
        } catch (error) {
          const now = this.#row(row.id);
          if (now === undefined) continue;
          now.failed = told(error);
          this.#keep(now);
        }
      }
    } finally {
      this.#driven.delete(chatId);
    }
  }

  /** What passes is waited out; null once nobody is signed in any more. */
  async #patiently<T>(work: () => Promise<T>): Promise<T | null> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#userId !== null) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null; // until the same person is back
        if (error instanceof Problem && !error.passing) throw error;
        if (!(error instanceof Problem) && !(error instanceof TypeError)) throw error; // TypeError: code not fetched
      }
      await this.#pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
    return null;
  }

  async #deliver(id: string): Promise<void> {
    await navigator.locks.request(`strongroom.message.${id}`, async () => {
      const row = this.#row(id);
      if (row === undefined || row.userId !== this.#userId) return; // another tab has sent it meanwhile
      const { content, contentType, fileIds, chatId, newChat } = row;
      const body = {
        message_id: id,
        content,
        content_type: contentType,
        file_ids: $state.snapshot(fileIds),
        role: "user" as const,
        ...(!newChat && { chat_id: chatId }),
      };
      const sent = await call(client.POST("/messages", { params: { header: { "Idempotency-Key": id } }, body }));
      if (sent.message_id !== id) throw new Problem(0, { code: "unintelligible" }); // not Strongroom's answer
      if (this.#userId === row.userId) this.#acknowledged(row, sent.chat_id, sent.created_at);
    });
  }

  #acknowledged(row: OutboxRow, chatId: string, createdAt: string): void {
    if (row.newChat) this.#begin(row, chatId, createdAt);
    timeline.put({
      message_id: row.id,
      chat_id: chatId,
      role: "user",
      content_type: row.contentType,
      content: row.content,
      status: "sent",
      error_code: null,
      file_ids: $state.snapshot(row.fileIds),
      created_at: createdAt,
    });
    this.drop(row.id);
  }

  /** The first message has made the chat: the others follow it there. */
  #begin({ chatId: was, content }: OutboxRow, is: string, at: string): void {
    if (chats.get(is) === undefined) {
      const title = content.split("\n", 1)[0]?.slice(0, 60) ?? "";
      chats.put({ chat_id: is, title, created_at: at, updated_at: at });
    }
    for (const row of this.all) {
      if (row.chatId !== was) continue;
      row.chatId = is;
      row.newChat = false;
      this.#keep(row); // the first one, too: so the other tabs hear of it
    }
    this.#moved(was, is);
    queueMicrotask(() => void this.#drive(is));
  }

  #moved(was: string, is: string): void {
    drafts.move(was, is);
    timeline.begun(was, is);
    for (const listener of this.#onBegun) listener(was, is);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake.add(done);
    });
  }

  #wakeAll(): void {
    for (const done of this.#wake) done();
  }
}

/** A file that was taken back does not come; the message goes without it. */
function cancelled(error: unknown): null {
  if (error instanceof Problem && error.code === "cancelled") return null;
  throw error;
}

export const outbox = new Outbox();
