/** Looking for words in everything: the server opens what it must, so an answer may take a second. */

import { call, client } from "../api/client";
import { told } from "../api/problem";
import type { Chat, Message, StoredFile } from "../api/types";

const PAGE = 30;
const SHORTEST = 2;
const PAUSE_MS = 250;

export class Search {
  words = $state("");
  chats = $state.raw<Chat[]>([]);
  messages = $state.raw<Message[]>([]);
  files = $state.raw<StoredFile[]>([]);
  searching = $state(false);
  problem = $state<string | null>(null);
  more = $state<string | null>(null);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get active(): boolean {
    return this.words.trim().length >= SHORTEST;
  }

  get empty(): boolean {
    return !this.searching && this.chats.length + this.messages.length + this.files.length === 0;
  }

  /** Asks when the person stops typing. */
  typed(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.searching = this.active;
    this.more = null; // it goes on with other words
    if (this.active) this.#timer = setTimeout(() => void this.look(), PAUSE_MS);
    else this.#reset();
  }

  clear(): void {
    this.words = "";
    this.typed();
  }

  /** The first page, or with `cursor` one more. */
  async look(cursor: string | null = null): Promise<void> {
    const turn = (this.#turn += 1);
    this.searching = true;
    this.problem = null;
    try {
      const query = { q: this.words.trim(), order: "desc", limit: PAGE, ...(cursor !== null && { cursor }) } as const;
      const page = await call(client.GET("/user/data", { params: { query } }));
      if (turn !== this.#turn) return;
      if (cursor === null) this.#reset();
      this.chats = [...this.chats, ...page.chats];
      this.messages = [...this.messages, ...page.messages];
      this.files = [...this.files, ...page.files];
      this.more = page.next_cursor;
    } catch (error) {
      if (turn === this.#turn) this.problem = told(error);
    } finally {
      if (turn === this.#turn) this.searching = false;
    }
  }

  #reset(): void {
    this.chats = [];
    this.messages = [];
    this.files = [];
    this.more = null;
    this.problem = null;
  }
}
