/** The messages of the chat that is open: a stretch of its history, from wherever one looks, growing at both ends. */

import { call, client } from "../api/client";
import type { LiveEvent } from "../api/events";
import { told } from "../api/problem";
import type { Message } from "../api/types";
import type { Moment } from "../lib/router.svelte";
import { files } from "./files.svelte";
import { live } from "./live.svelte";
import { session } from "./session.svelte";

const PAGE = 60;
const MOST_PAGES = 20; // looked through for one message

type End = string | null; // the cursor of the page beyond; null where there is none

class Timeline {
  chatId = $state<string | null>(null);
  /** In the order in which they were sent. */
  messages = $state.raw<Message[]>([]);
  loaded = $state(false);
  problem = $state<string | null>(null);
  older = $state<End>(null);
  newer = $state<End>(null);
  loadingOlder = $state(false);
  loadingNewer = $state(false);
  #at = $state<Moment | null>(null); // where it was opened
  #there = false; // on the server, and not only begun here
  #since: { since?: string } = {}; // the filters of the first look: cursors belong to theirs
  #until: { until?: string } = {};
  /** Counts what was opened: an answer for what is not shown any more is dropped, and the list begins anew. */
  turn = $state(0);
  #early = $state.raw<Message[]>([]); // came while the page was on its way, or is beyond what is shown
  #refreshing = false;

  constructor() {
    session.join({
      enter: () => void this.#refresh(),
      leave: (gone) => {
        if (gone) this.close();
      },
    });
    live.onEvent((event) => this.#happened(event));
    live.onRefresh(() => this.#refresh());
  }

  /** Whether the newest message is among those shown. */
  get atNewest(): boolean {
    return this.newer === null;
  }

  close(): void {
    this.turn += 1;
    this.chatId = null;
    this.#reset();
  }

  /** Whether this is what is open. */
  shows(chatId: string, at: Moment | null): boolean {
    return this.chatId === chatId && this.#at === at && this.problem === null;
  }

  /** A chat that was begun here is on the server now, under another id. */
  begun(was: string, is: string): void {
    if (this.chatId !== was) return;
    this.chatId = is;
    this.#there = true;
  }

  /** The message that it was opened at, if it is there. */
  get target(): Message | undefined {
    const [time, id] = this.#at?.split("~") ?? [];
    if (time === undefined) return undefined;
    return this.messages.find((message) => (id === undefined ? message.created_at >= time : message.message_id === id));
  }

  /** At its end, or at a message or a time. */
  async open(chatId: string, at: Moment | null = null): Promise<void> {
    const turn = (this.turn += 1);
    this.chatId = chatId;
    this.#reset();
    this.#there = true;
    this.#at = at;
    const time = at?.split("~")[0];
    if (time !== undefined) [this.#since, this.#until] = [{ since: time }, { until: time }];
    try {
      const [before, after] = await Promise.all([
        this.#page(chatId, { order: "desc", ...this.#until }),
        at === null ? null : this.#page(chatId, { order: "asc", ...this.#since }),
      ]);
      if (turn !== this.turn) return;
      this.messages = merge(before.messages, after?.messages ?? []);
      this.older = before.next_cursor;
      this.newer = after?.next_cursor ?? null;
      // Many may have been sent in the same instant, and the one that is looked for may not be the first of them.
      for (let pages = MOST_PAGES; pages > 0 && at !== null && this.target === undefined && this.newer !== null; pages -= 1) {
        await this.loadNewer();
        if (turn !== this.turn || this.problem !== null) return;
      }
      this.#catchUp();
      this.loaded = true;
    } catch (error) {
      if (turn === this.turn) this.problem = told(error);
    }
  }

  /** Shows nothing from the server: a chat that is not there yet. */
  openEmpty(chatId: string): void {
    this.close();
    this.chatId = chatId;
    this.loaded = true;
  }

  async loadOlder(): Promise<void> {
    const { chatId, older } = this;
    if (chatId === null || older === null || this.loadingOlder) return;
    const turn = this.turn;
    this.loadingOlder = true;
    try {
      const page = await this.#page(chatId, { order: "desc", cursor: older, ...this.#until });
      if (turn !== this.turn) return;
      this.messages = merge(page.messages, this.messages);
      this.older = page.next_cursor;
      this.problem = null;
    } catch (error) {
      if (turn === this.turn) this.problem = told(error);
    } finally {
      if (turn === this.turn) this.loadingOlder = false;
    }
  }

  async loadNewer(): Promise<void> {
    const { chatId, newer } = this;
    if (chatId === null || newer === null || this.loadingNewer) return;
    const turn = this.turn;
    this.loadingNewer = true;
    try {
      const page = await this.#page(chatId, { order: "asc", cursor: newer, ...this.#since });
      if (turn !== this.turn) return;
      this.messages = merge(this.messages, page.messages);
      this.newer = page.next_cursor;
      this.#catchUp();
      this.problem = null;
    } catch (error) {
      if (turn === this.turn) this.problem = told(error);
    } finally {
      if (turn === this.turn) this.loadingNewer = false;
    }
  }

  /** A message that the server has acknowledged, from whichever side it is heard of first. */
  put(message: Message): void {
    if (message.chat_id !== this.chatId) return;
    if (this.loaded && this.newer === null) this.messages = merge(this.messages, [message]);
    else this.#early = merge(this.#early, [message]);
  }

  /** What has come while the end was not in sight, now that it is. */
  #catchUp(): void {
    if (this.newer !== null) return;
    this.messages = merge(this.messages, this.#early);
    this.#early = [];
  }

  #reset(): void {
    this.messages = [];
    this.loaded = false;
    this.problem = null;
    this.older = null;
    this.newer = null;
    this.loadingOlder = false;
    this.loadingNewer = false;
    this.#early = [];
    this.#there = false;
    this.#at = null;
    this.#since = {};
    this.#until = {};
  }

  /** The newest page again; far from the end nothing needs to be done. */
  async #refresh(): Promise<void> {
    const { chatId } = this;
    if (chatId === null || !this.#there || !this.loaded || this.newer !== null || this.#refreshing) return;
    const turn = this.turn;
    this.#refreshing = true;
    try {
      const page = await this.#page(chatId, { order: "desc" });
      if (turn !== this.turn) return;
      const first = page.messages[0];
      const overlaps = this.older === null || this.messages.some(({ message_id }) => message_id === first?.message_id);
      if (overlaps || first === undefined) {
        this.messages = merge(this.messages, page.messages);
      } else {
        this.messages = page.messages; // more has come than a page: begin again at the end
        this.older = page.next_cursor;
        this.#until = {};
      }
    } catch {
      // It will be asked again.
    } finally {
      this.#refreshing = false;
    }
  }

  async #page(chatId: string, where: { order: "asc" | "desc"; cursor?: string; since?: string; until?: string }) {
    const query = { include: "messages,files", chat_id: chatId, limit: PAGE, ...where };
    const page = await call(client.GET("/user/data", { params: { query } }));
    files.put(page.files);
    return { messages: where.order === "desc" ? page.messages.toReversed() : page.messages, next_cursor: page.next_cursor };
  }

  #happened({ type, data }: LiveEvent): void {
    switch (type) {
      case "MessageSent":
        if (data.chat_id !== this.chatId || data.content === undefined) return;
        this.put({
          message_id: data.message_id,
          chat_id: data.chat_id,
          role: data.role,
          content_type: data.content_type,
          content: data.content,
          status: data.status,
          error_code: null,
          file_ids: data.file_ids,
          created_at: data.at,
        });
        break;
      case "MessageDelivered":
      case "MessageRead":
        this.#change(data.message_id, { status: data.status });
        break;
      case "MessageFailed":
        this.#change(data.message_id, { status: "error", error_code: data.error_code });
        break;
    }
  }

  #change(messageId: string, change: Partial<Message>): void {
    const index = this.messages.findLastIndex(({ message_id }) => message_id === messageId);
    const message = this.messages[index];
    if (message !== undefined) this.messages = this.messages.with(index, { ...message, ...change });
  }
}

/** Two stretches, the older first; of a message that is in both, the second's. */
export function merge(before: readonly Message[], after: readonly Message[]): Message[] {
  const ids = new Map(after.map((message) => [message.message_id, message]));
  const kept = before.map((message) => {
    const newer = ids.get(message.message_id);
    if (newer === undefined) return message;
    ids.delete(message.message_id);
    return furthest(message, newer);
  });
  const added = [...ids.values()];
  const inOrder = added.length === 0 || (kept.at(-1)?.created_at ?? "") <= (added[0]?.created_at ?? "");
  return inOrder ? [...kept, ...added] : [...kept, ...added].sort(bySent);
}

/** Times are written alike, to the microsecond: as text they sort as times. */
function bySent(one: Message, other: Message): number {
  return one.created_at < other.created_at ? -1 : one.created_at > other.created_at ? 1 : 0;
}

const STEPS: Record<Message["status"], number> = { sent: 0, delivered: 1, read: 2, error: 3 };

/** A status only moves forward: what was heard first may be the newer. */
function furthest(one: Message, other: Message): Message {
  return STEPS[one.status] > STEPS[other.status] ? one : other;
}

export const timeline = new Timeline();
