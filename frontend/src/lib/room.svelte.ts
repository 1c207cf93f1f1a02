/** What the signed-in person sees: who they are, their chats, the open chat's messages, their files. */

import * as api from "./api";
import { newId } from "./format";

const POLL_FIRST_MS = 250;
const POLL_LAST_MS = 4_000;

class Room {
  user = $state<api.User | null>(null);
  chats = $state<api.Chat[]>([]);
  chatId = $state<string | null>(null);
  messages = $state<api.Message[]>([]);
  files = $state<api.StoredFile[]>([]);
  draft = $state("");
  earlier = $state<string | null>(null); // cursor of the page before the oldest message shown
  #attempt: api.Outgoing | null = null; // sent, and perhaps stored, but not acknowledged
  #polling = false;

  get chat(): api.Chat | undefined {
    return this.chats.find(({ chat_id }) => chat_id === this.chatId);
  }

  /** Signs in with the cookie the browser has; leaves the person a stranger where there is none. */
  async enter(): Promise<void> {
    try {
      const data = await api.chats();
      this.user = data.user;
      this.chats = data.chats;
    } catch (error) {
      if (error instanceof api.Problem && error.status === 401) return;
      throw error;
    }
    const newest = this.chats[0];
    await Promise.all([this.refreshFiles(), newest ? this.open(newest.chat_id) : undefined]);
  }

  async leave(): Promise<void> {
    await api.logout();
    this.forget();
  }

  /** Takes everything of the person off the page. */
  forget(): void {
    this.user = null;
    this.chats = [];
    this.files = [];
    this.startChat();
  }

  startChat(): void {
    this.chatId = null;
    this.messages = [];
    this.earlier = null;
    this.#attempt = null;
  }

  async open(chatId: string): Promise<void> {
    this.startChat();
    this.chatId = chatId;
    await this.showEarlier();
  }

  async showEarlier(): Promise<void> {
    const chatId = this.chatId;
    if (chatId === null) return;
    const page = await api.messages(chatId, this.earlier);
    if (this.chatId !== chatId) return; // another chat was opened while this one was on its way
    this.messages = [...page.messages.toReversed(), ...this.messages];
    this.earlier = page.next_cursor;
  }

  /** Resolves once the server has the message on disk. The same words sent again keep their id. */
  async send(content: string): Promise<void> {
    const chatId = this.chatId;
    if (this.#attempt?.content !== content) {
      this.#attempt = { message_id: newId(), content, ...(chatId !== null && { chat_id: chatId }) };
    }
    const sent = await api.sendMessage(this.#attempt);
    this.#attempt = null;
    if (this.chatId !== chatId) return;
    this.messages.push({ ...sent, content });
    if (chatId === null) {
      this.chatId = sent.chat_id;
      this.chats = (await api.chats()).chats;
    }
  }

  async refreshFiles(): Promise<void> {
    this.files = (await api.files()).files;
    if (this.files.some(({ status }) => status === "processing")) void this.#poll();
  }

  async retryFile(fileId: string): Promise<void> {
    await api.retryFile(fileId);
    await this.refreshFiles();
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    let waitMs = POLL_FIRST_MS;
    try {
      while (this.user !== null && this.files.some(({ status }) => status === "processing")) {
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        waitMs = Math.min(waitMs * 2, POLL_LAST_MS);
        const before = this.files.length;
        const answer = await api.files().catch(() => null); // unreachable for a moment: ask again
        if (answer === null) continue;
        this.files = answer.files;
        if (this.files.length !== before) waitMs = POLL_FIRST_MS;
      }
    } finally {
      this.#polling = false;
    }
  }
}

export const room = new Room();
