/** Messages that the server has not acknowledged. Each stays here, and in this browser, until it has.
 *
 * Those of one chat go one after the other, in the order in which they were written. A message has its id from the start,
 * so that sending it twice, from two tabs or after a crash, stores it once. */

import { call, client } from "../api/client";
import { Problem, told } from "../api/problem";
import { newId } from "../lib/ids";
import type { OutboxRow } from "../lib/local";
import { chats } from "./chats.svelte";
import { session } from "./session.svelte";
import { timeline } from "./timeline.svelte";
import { keeping, uploading } from "./later";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

class Outbox {
  /** In the order in which they were written. */
  all = $state<OutboxRow[]>([]);
  /** A chat that was begun here has got its real id. */
  onChatBegun: (was: string, is: string) => void = () => {};
  #driven = new Set<string>(); // chats whose messages are on their way
  #wake = new Set<() => void>();
  #userId: string | null = null;

  constructor() {
    session.join({
      enter: ({ id }) => void this.#load(id),
      leave: (gone) => {
        this.#userId = null;
        if (gone) this.all = [];
        this.#wakeAll();
      },
    });
    addEventListener("online", () => this.#wakeAll());
  }

  of(chatId: string): OutboxRow[] {
    return this.all.filter((row) => row.chatId === chatId);
  }

  /** Chats that are only here as yet: the first message of each. */
  get newChats(): OutboxRow[] {
    return this.all.filter((row, index) => row.newChat && this.all.findIndex(({ chatId }) => chatId === row.chatId) === index);
  }

  /** Resolves once this browser keeps it, or cannot: from then on the draft is not needed any more. */
  async send(message: Pick<OutboxRow, "chatId" | "newChat" | "content" | "contentType" | "uploadIds">): Promise<void> {
    if (this.#userId === null) throw new Error("nobody is signed in");
    const createdAt = new Date().toISOString();
    const row: OutboxRow = { ...message, id: newId(), userId: this.#userId, createdAt, failed: null };
    this.all.push(row);
    await keep(row);
    void this.#drive(row.chatId);
  }

  retry(id: string): void {
    const row = this.all.find((each) => each.id === id);
    if (row === undefined) return;
    row.failed = null;
    void keep(row);
    void this.#drive(row.chatId);
    this.#wakeAll();
  }

  drop(id: string): void {
    this.all = this.all.filter((row) => row.id !== id);
    void forget(id);
  }

  async #load(userId: string): Promise<void> {
    this.#userId = userId;
    try {
      const rows = await (await database()).getAllFromIndex("outbox", "userId", userId);
      if (this.#userId !== userId) return;
      const here = new Set(this.all.map(({ id }) => id));
      this.all = [...this.all, ...rows.filter(({ id }) => !here.has(id))].sort((one, other) => (one.id < other.id ? -1 : 1));
    } catch {
      // Without a database there is what the page itself holds.
    }
    for (const chatId of new Set(this.all.map((row) => row.chatId))) void this.#drive(chatId);
  }

  async #drive(chatId: string): Promise<void> {
    if (this.#driven.has(chatId)) return;
    this.#driven.add(chatId);
    let pauseMs = FIRST_PAUSE_MS;
    try {
      while (this.#userId !== null) {
        const row = this.all.find((each) => each.chatId === chatId && each.failed === null);
        if (row === undefined) return;
        try {
          await this.#deliver(row);
          pauseMs = FIRST_PAUSE_MS;
        } catch (error) {
          if (error instanceof Problem && error.status === 401) return; // until the same person is back
          if (error instanceof Problem && error.passing) {
            await this.#pause(pauseMs);
            pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
          } else {
            row.failed = told(error);
            void keep(row);
          }
        }
      }
    } finally {
      this.#driven.delete(chatId);
    }
  }

  async #deliver(row: OutboxRow): Promise<void> {
    const fileIds = row.uploadIds.length === 0 ? [] : await arrived(row.uploadIds);
    await navigator.locks.request(`strongroom.message.${row.id}`, async () => {
      if (this.#userId !== row.userId || !this.all.some(({ id }) => id === row.id)) return;
      const body = {
        message_id: row.id,
        content: row.content,
        content_type: row.contentType,
        file_ids: fileIds,
        role: "user" as const,
        ...(!row.newChat && { chat_id: row.chatId }),
      };
      const header = { "Idempotency-Key": row.id };
      const sent = await call(client.POST("/messages", { params: { header }, body }));
      this.#acknowledged(row, sent.chat_id, sent.created_at, fileIds);
    });
  }

  #acknowledged(row: OutboxRow, chatId: string, createdAt: string, fileIds: string[]): void {
    if (row.newChat) this.#begun(row.chatId, chatId, row.content, createdAt);
    timeline.put({
      message_id: row.id,
      chat_id: chatId,
      role: "user",
      content_type: row.contentType,
      content: row.content,
      status: "sent",
      error_code: null,
      file_ids: fileIds,
      created_at: createdAt,
    });
    this.drop(row.id);
  }

  /** The first message has made the chat: the others follow it there. */
  #begun(was: string, is: string, content: string, at: string): void {
    if (chats.get(is) === undefined) {
      const title = content.split("\n", 1)[0]?.slice(0, 60) ?? "";
      chats.put({ chat_id: is, title, created_at: at, updated_at: at });
    }
    for (const row of this.all) {
      if (row.chatId !== was) continue;
      row.chatId = is;
      row.newChat = false;
      void keep(row);
    }
    timeline.begun(was, is);
    this.onChatBegun(was, is);
    queueMicrotask(() => void this.#drive(is));
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

/** The ids of the files, as soon as the server has all of them. */
async function arrived(uploadIds: string[]): Promise<string[]> {
  const uploads = await uploading.ready().catch(() => {
    throw new Problem(0, { code: "unreachable" });
  });
  return Promise.all(uploadIds.map((id) => uploads.arrived(id)));
}

async function database() {
  return (await keeping.ready()).local();
}

async function keep(row: OutboxRow): Promise<void> {
  try {
    await (await database()).put("outbox", $state.snapshot(row));
  } catch {
    // The page still holds it.
  }
}

async function forget(id: string): Promise<void> {
  try {
    await (await database()).delete("outbox", id);
  } catch {
    // It was never kept.
  }
}

export const outbox = new Outbox();
