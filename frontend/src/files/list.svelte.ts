/** Which files are shown, and in what order. Their rows live in state/files: here are ids, page by page. */

import { call, client } from "../api/client";
import type { LiveEvent } from "../api/events";
import { told } from "../api/problem";
import type { StoredFile, UserData } from "../api/types";
import { deletions } from "../state/deletions.svelte";
import { files } from "../state/files.svelte";
import { live } from "../state/live.svelte";
import { texts } from "../texts/texts.svelte";
import { categoryOf, MIME_PREFIX, type Category } from "./kinds";

const PAGE = 60;
const LARGE_PAGE = 500; // where many rows are read to show few of them, or all to sort them
const HEAD_PAGES = 10; // that are read to catch up with what was missed; past that the list begins anew
const SORTED_AT_MOST = 20_000;
const SOON_MS = 250; // several events make one request

export const ORDERS = ["newest", "oldest", "name", "size"] as const;
export type Order = (typeof ORDERS)[number];

export interface Query {
  category: Category | null;
  chatId: string | null;
  status: "processing" | "error" | null;
  words: string;
  order: Order;
}

export const EVERYTHING: Query = { category: null, chatId: null, status: null, words: "", order: "newest" };

/** What of a file never changes, so that sorting thousands does not hang on thousands of rows. */
interface Entry {
  id: string;
  name: string;
  sizeBytes: number;
  chatId: string | null;
}

interface Page {
  entries: Entry[];
  read: string[]; // ids of all that came, also of those that do not belong here
  next: string | null;
}

export class FileList {
  query = $state.raw(EVERYTHING);
  loading = $state(false);
  /** The first page has come. */
  loaded = $state(false);
  problem = $state<string | null>(null);
  #entries = $state.raw<readonly Entry[]>([]); // as the server orders them
  #next = $state<string | null>(null);
  #known = new Set<string>();
  #read = new Set<string>();
  #turn = 0; // counts the questions: an answer to an earlier one is dropped
  #catching = false;
  #missed = false; // something may have changed before what is under way has come
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** Ids, in the order asked for. */
  ids = $derived.by(() => this.#sorted(this.#entries.filter((entry) => this.#shown(entry))).map(({ id }) => id));

  /** Nothing more is to be loaded. */
  get complete(): boolean {
    return this.loaded && this.#next === null;
  }

  /** Sorting stopped at what one page can hold in memory. */
  get cut(): boolean {
    return this.#whole && !this.complete && this.#entries.length >= SORTED_AT_MOST;
  }

  /** How many are loaded, for those who wait until all are. */
  get count(): number {
    return this.#entries.length;
  }

  /** Follows what happens; gives back how to stop. */
  attend(): () => void {
    const stops = [
      live.onEvent((event) => this.#happened(event)),
      live.onRefresh(() => void this.#catchUp()),
      files.onGone((fileId) => this.#remove(fileId)),
    ];
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.#soon);
      this.#turn += 1;
    };
  }

  /** Begins a new question. What is shown of the old one stays until the first page of the new one is here. */
  ask(query: Query): void {
    this.#turn += 1;
    this.query = query;
    this.loading = false;
    this.loaded = false;
    this.#next = null;
    void this.more();
  }

  /** The next page; all of them where the order needs all. */
  async more(): Promise<void> {
    if (this.loading || this.complete || this.cut) return;
    const turn = this.#turn;
    this.loading = true;
    this.problem = null;
    try {
      do {
        const page = await this.#page(this.#next, this.query.order === "oldest" ? "asc" : "desc");
        if (turn !== this.#turn) return;
        if (!this.loaded) this.#begin();
        this.#keep([...this.#entries, ...page.entries.filter(({ id }) => !this.#known.has(id))]);
        for (const id of page.read) this.#read.add(id);
        this.#next = page.next;
        this.loaded = true;
      } while (this.#whole && !this.complete && !this.cut);
    } catch (error) {
      if (turn === this.#turn) this.problem = told(error);
    } finally {
      if (turn === this.#turn) {
        this.loading = false;
        if (this.#missed) void this.#catchUp();
      }
    }
  }

  get #whole(): boolean {
    return this.query.order === "name" || this.query.order === "size";
  }

  #shown({ id, chatId }: Entry): boolean {
    if (deletions.hides(id, chatId)) return false;
    return this.query.status === null || files.row(id)?.status === this.query.status;
  }

  #sorted(entries: Entry[]): Entry[] {
    switch (this.query.order) {
      case "newest":
      case "oldest":
        return entries;
      case "name": {
        const { compare } = new Intl.Collator(texts.language, { numeric: true });
        return entries.sort((one, other) => compare(one.name, other.name));
      }
      case "size":
        return entries.sort((one, other) => other.sizeBytes - one.sizeBytes);
    }
  }

  #begin(): void {
    this.#keep([]);
    this.#read.clear();
  }

  #keep(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.#known = new Set(entries.map(({ id }) => id));
  }

  #remove(fileId: string): void {
    if (this.#known.has(fileId)) this.#keep(this.#entries.filter(({ id }) => id !== fileId));
  }

  async #page(cursor: string | null, order: "asc" | "desc"): Promise<Page> {
    const { category, chatId, status, words } = this.query;
    const mime = category === null ? undefined : MIME_PREFIX[category];
    const tested = category !== null && mime === undefined; // here, and not by the server
    const query = {
      include: "files",
      limit: this.#whole || tested ? LARGE_PAGE : PAGE,
      order,
      ...(mime !== undefined && { mime }),
      ...(chatId !== null && { chat_id: chatId }),
      ...(status !== null && { status }),
      ...(words !== "" && { q: words }),
      ...(cursor !== null && { cursor }),
    };
    const page: UserData = await call(client.GET("/user/data", { params: { query } }));
    const rows = tested ? page.files.filter((file) => categoryOf(file) === category) : page.files;
    files.put(rows);
    return { entries: rows.map(entryOf), read: page.files.map((file) => file.file_id), next: page.next_cursor };
  }

  #happened({ type, data }: LiveEvent): void {
    if (!("file_id" in data) || data.status === "deleted" || data.forgotten) return;
    const { category, chatId, status, words } = this.query;
    const filtered = category !== null || status !== null || words !== ""; // each step may make it fit, or not any more
    if (type === "FileUploaded" ? chatId !== null && data.chat_id !== chatId : !filtered) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      void this.#catchUp();
    }, SOON_MS);
  }

  /** Reads the newest again, back to what is known already. A failure passes: the next event or refresh asks again. */
  async #catchUp(): Promise<void> {
    if (this.#catching || !this.loaded) {
      this.#missed = true;
      return;
    }
    this.#missed = false;
    if (this.query.order === "oldest" && !this.complete) return; // paging comes to it
    const turn = this.#turn;
    this.#catching = true;
    try {
      const head: Page = { entries: [], read: [], next: null };
      let met = false;
      for (let pages = 0; pages < HEAD_PAGES && !met && (pages === 0 || head.next !== null); pages += 1) {
        const page = await this.#page(head.next, "desc");
        if (turn !== this.#turn) return;
        head.entries.push(...page.entries);
        head.read.push(...page.read);
        head.next = page.next;
        met = page.read.some((id) => this.#read.has(id));
      }
      if (this.query.order === "oldest") this.#append(head);
      else this.#prepend(head, met);
    } catch {
      return;
    } finally {
      this.#catching = false;
    }
    if (this.#missed) void this.#catchUp();
  }

  #append(head: Page): void {
    this.#keep([...this.#entries, ...head.entries.filter(({ id }) => !this.#known.has(id)).reverse()]);
    for (const id of head.read) this.#read.add(id);
  }

  /** `met`: the head reaches back to what is known; else there is a gap that nobody knows the length of. */
  #prepend({ entries, read, next }: Page, met: boolean): void {
    if (!met || next === null) {
      if (this.loading) this.#restart();
      this.#begin();
      this.#keep(entries);
      this.#next = next;
    } else {
      const last = entries.findLast(({ id }) => this.#known.has(id));
      const at = last === undefined ? -1 : this.#entries.findIndex(({ id }) => id === last.id);
      const again = new Set(entries.map(({ id }) => id));
      // What was known above `last` and did not come again is gone.
      this.#keep([...entries, ...this.#entries.slice(at + 1).filter(({ id }) => !again.has(id))]);
    }
    for (const id of read) this.#read.add(id);
  }

  /** Drops the page that is under way: it goes on after what is not shown any more. */
  #restart(): void {
    this.#turn += 1;
    this.loading = false;
  }
}

function entryOf(file: StoredFile): Entry {
  return { id: file.file_id, name: file.name, sizeBytes: file.size_bytes, chatId: file.chat_id };
}
