/** The person's own events, the newest first, page by page, and what happens meanwhile. */

import { call, client } from "../api/client";
import { told } from "../api/problem";
import type { HistoryEvent } from "../api/types";
import { live } from "../state/live.svelte";
import { fits, type Group } from "./kinds";

const PAGE = 50;
const LARGE_PAGE = 1_000; // where most of what comes is not shown
const MOST_PAGES = 20; // that are read in one go to find what is looked for
const CHAT_KEY = "chat-"; // and the chat's id: the key of its messages
const SOON_MS = 400; // several events make one request

export class EventList {
  loading = $state(false);
  loaded = $state(false); // the first page has come
  problem = $state<string | null>(null);
  group = $state<Group | null>(null);
  /** Chats of messages, as far as they are known. */
  chatOf = $state.raw<ReadonlyMap<string, string>>(new Map());
  #all = $state.raw<readonly HistoryEvent[]>([]);
  #next = $state<string | null>(null);
  #room = $state(PAGE);
  #missed = false; // something happened while a page was under way
  #deleted = $derived(new Set(this.#all.filter(({ type }) => /Deleted$/.test(type)).map(({ id }) => id)));
  #turn = 0;
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** `of`: only what happened to this chat or file. */
  constructor(readonly of: string | null = null) {}

  #fitting = $derived(this.#all.filter((event) => this.#fits(event)));

  /** As many as were asked for: what is read to find some may be far more. */
  shown = $derived(this.#fitting.slice(0, this.#room));

  get complete(): boolean {
    return this.#exhausted && this.#fitting.length <= this.#room;
  }

  /** Whether the newer events tell that it was deleted. */
  isDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  /** For as long as it is looked at: `onMount(() => list.attend())`. */
  attend(): () => void {
    const stops = [live.onEvent(() => this.#happened()), live.onRefresh(() => void this.#catchUp())];
    void this.fill();
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.#soon);
      this.#turn += 1;
      this.loading = false;
    };
  }

  choose(group: Group | null): void {
    this.group = group;
    this.#room = PAGE;
    void this.fill();
  }

  more(): void {
    if (this.loading || this.complete) return;
    this.#room += PAGE;
    void this.fill();
  }

  /** Reads on until there is as much as was asked for. */
  async fill(): Promise<void> {
    if (this.loading) return;
    const turn = this.#turn;
    this.loading = true;
    this.problem = null;
    try {
      for (let pages = 0; pages < MOST_PAGES && !this.#exhausted && this.#fitting.length < this.#room; pages += 1) {
        const page = await this.#page(this.#next, this.of === null && this.group === null ? PAGE : LARGE_PAGE);
        if (turn !== this.#turn) return;
        this.#keep([...this.#all, ...page.events]);
        this.#next = page.next_cursor;
        this.loaded = true;
      }
    } catch (error) {
      if (turn === this.#turn) this.problem = told(error);
    } finally {
      if (turn === this.#turn) {
        this.loading = false;
        if (this.#missed) void this.#catchUp();
      }
    }
  }

  /** There is nothing more to be read. */
  get #exhausted(): boolean {
    return this.loaded && (this.#next === null || this.#begun);
  }

  /** Everything that happened to the one thing has come: its first event is there. */
  get #begun(): boolean {
    return this.of !== null && this.#all.some(({ id, version }) => id === this.of && version === 1);
  }

  #fits(event: HistoryEvent): boolean {
    if (this.of !== null) return event.id === this.of || this.chatOf.get(event.id) === this.of;
    return this.group === null || fits(event, this.group);
  }

  #keep(events: readonly HistoryEvent[]): void {
    const sent = events.filter(({ type, key_id }) => type === "MessageSent" && key_id.startsWith(CHAT_KEY));
    this.chatOf = new Map(sent.map(({ id, key_id }) => [id, key_id.slice(CHAT_KEY.length)]));
    this.#all = events;
  }

  #page(cursor: string | null, limit: number) {
    const query = { order: "desc", limit, ...(cursor !== null && { cursor }) } as const;
    return call(client.GET("/user/events", { params: { query } }));
  }

  #happened(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#catchUp();
    }, SOON_MS);
  }

  /** What is new goes on top. A failure passes: the next event or refresh asks again. */
  async #catchUp(): Promise<void> {
    const turn = this.#turn;
    this.#missed = this.loading;
    if (!this.loaded || this.loading) return;
    const newest = this.#all[0]?.position ?? 0;
    try {
      const { events, next_cursor } = await this.#page(null, LARGE_PAGE);
      this.#missed = this.loading;
      if (turn !== this.#turn || this.loading || (this.#all[0]?.position ?? 0) !== newest) return;
      const fresh = events.filter(({ position }) => position > newest);
      const met = fresh.length < events.length;
      this.#keep(met ? [...fresh, ...this.#all] : events);
      if (!met) this.#next = next_cursor; // more than a page has happened: go on below it
    } catch {
      return;
    }
  }
}
