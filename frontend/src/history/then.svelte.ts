/** What there was at a time: pages of `GET /user/data?as_of=`, newest first. */

import { call, client } from "../api/client";
import { told } from "../api/problem";
import type { Chat, Message, StoredFile, UserData } from "../api/types";

const PAGE = 50;

interface Kinds {
  chats: Chat;
  messages: Message;
  files: StoredFile;
}

export class ThenList<Kind extends keyof Kinds> {
  rows = $state.raw<readonly Kinds[Kind][]>([]);
  loading = $state(false);
  loaded = $state(false);
  problem = $state<string | null>(null);
  #next = $state<string | null>(null);
  #turn = 0;

  constructor(
    private readonly kind: Kind,
    private readonly at: string,
    private readonly chatId: string | null = null,
  ) {}

  get complete(): boolean {
    return this.loaded && this.#next === null;
  }

  /** For as long as it is looked at: `onMount(() => list.attend())`. */
  attend(): () => void {
    void this.more();
    return () => {
      this.#turn += 1;
      this.loading = false;
    };
  }

  async more(): Promise<void> {
    if (this.loading || this.complete) return;
    const turn = this.#turn;
    this.loading = true;
    this.problem = null;
    try {
      const query = {
        as_of: this.at,
        include: this.kind,
        order: "desc",
        limit: PAGE,
        ...(this.chatId !== null && { chat_id: this.chatId }),
        ...(this.#next !== null && { cursor: this.#next }),
      } as const;
      const page: UserData = await call(client.GET("/user/data", { params: { query } }));
      if (turn !== this.#turn) return;
      this.rows = [...this.rows, ...(page[this.kind] as Kinds[Kind][])];
      this.#next = page.next_cursor;
      this.loaded = true;
    } catch (error) {
      if (turn === this.#turn) this.problem = told(error);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}
