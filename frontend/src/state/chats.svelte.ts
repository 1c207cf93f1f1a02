/** The person's chats, the one that was written in last on top. */

import { SvelteMap } from "svelte/reactivity";
import { call, client } from "../api/client";
import type { LiveEvent } from "../api/events";
import { told } from "../api/problem";
import type { Chat } from "../api/types";
import { newId } from "../lib/ids";
import { live } from "./live.svelte";
import { CHAT_PAGE, session, type ChatPage } from "./session.svelte";

class Chats {
  loaded = $state(false);
  problem = $state<string | null>(null);
  #chats = new SvelteMap<string, Chat>();
  #onDeleted = new Set<(chatId: string) => void>();
  #touched = new Set<string>(); // by events, since the load that is under way began: they know better
  #loading = 0; // counts the loads, so that an old answer does not overwrite a newer one

  /** Newest first. */
  all = $derived([...this.#chats.values()].sort((one, other) => (one.updated_at < other.updated_at ? 1 : -1)));

  constructor() {
    session.join({ enter: () => void this.load(session.takeChats()), leave: (gone) => gone && this.#clear() });
    live.onEvent((event) => this.#happened(event));
    live.onRefresh(() => this.load());
  }

  /** Called for each chat that is deleted, here or elsewhere. */
  onDeleted(listener: (chatId: string) => void): void {
    this.#onDeleted.add(listener);
  }

  get(chatId: string): Chat | undefined {
    return this.#chats.get(chatId);
  }

  /** All of them, page by page; what is there is shown meanwhile. `first`: where that page has come already. */
  async load(first: ChatPage | null = null): Promise<void> {
    const turn = (this.#loading += 1);
    this.#touched.clear();
    const seen = new Set<string>();
    let cursor: string | null = null;
    try {
      do {
        const query = { ...CHAT_PAGE, ...(cursor !== null && { cursor }) };
        const page: ChatPage = first ?? (await call(client.GET("/user/data", { params: { query } })));
        first = null;
        if (turn !== this.#loading) return;
        for (const chat of page.chats) {
          seen.add(chat.chat_id);
          if (!this.#touched.has(chat.chat_id)) this.#chats.set(chat.chat_id, chat);
        }
        cursor = page.next_cursor;
        this.loaded = true;
      } while (cursor !== null);
      for (const chatId of this.#chats.keys()) {
        if (!seen.has(chatId) && !this.#touched.has(chatId)) this.#chats.delete(chatId);
      }
      this.problem = null;
    } catch (error) {
      if (turn === this.#loading) this.problem = told(error);
    }
  }

  /** Starts one that has no message yet. */
  async start(title: string): Promise<string> {
    const header = { "Idempotency-Key": newId() };
    const chat = await call(client.POST("/chats", { params: { header }, body: { title } }));
    this.put(chat);
    return chat.chat_id;
  }

  async rename(chatId: string, title: string): Promise<void> {
    const path = { chat_id: chatId };
    this.put(await call(client.PATCH("/chats/{chat_id}", { params: { path }, body: { title } })));
  }

  put(chat: Chat): void {
    this.#touched.add(chat.chat_id);
    this.#chats.set(chat.chat_id, chat);
  }

  drop(chatId: string): void {
    this.#touched.add(chatId);
    this.#chats.delete(chatId);
  }

  #clear(): void {
    this.#loading += 1;
    this.#chats.clear();
    this.loaded = false;
    this.problem = null;
  }

  #happened({ type, data }: LiveEvent): void {
    switch (type) {
      case "ChatStarted":
        if (data.forgotten) return;
        this.put({ chat_id: data.chat_id, title: data.title ?? "", created_at: data.at, updated_at: data.at });
        break;
      case "ChatRenamed":
        this.#change(data.chat_id, { title: data.title ?? "" });
        break;
      case "ChatDeleted":
        this.drop(data.chat_id);
        for (const listener of this.#onDeleted) listener(data.chat_id);
        break;
      case "MessageSent":
        this.#change(data.chat_id, { updated_at: data.at });
        break;
    }
  }

  #change(chatId: string, change: Partial<Chat>): void {
    this.#touched.add(chatId);
    const chat = this.#chats.get(chatId);
    if (chat !== undefined) this.#chats.set(chatId, { ...chat, ...change });
  }
}

export const chats = new Chats();
