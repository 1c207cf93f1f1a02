/** Who is signed in. Other parts of the page join to be told when somebody comes and goes. */

import { call, client, whenSessionEnds } from "../api/client";
import { Problem } from "../api/problem";
import type { Chat, User } from "../api/types";
import { ENTERED, kept } from "../lib/kept";

/** What lives as long as somebody is signed in. */
export interface Lifetime {
  enter(user: User): void;
  /** `gone`: the person signed out: forget all of it. Otherwise the session ended by itself: stop, and keep what is not
   * on the server yet, for the same person to come back to. It may be told both, in this order. */
  leave(gone: boolean): void;
}

/** The newest chats, and where the next ones begin. */
export interface ChatPage {
  chats: Chat[];
  next_cursor: string | null;
}

/** How pages of them are asked for. */
export const CHAT_PAGE = { include: "chats", order: "desc", limit: 500 } as const;

/** What the tabs of one browser tell each other. */
interface News {
  news: "entered" | "left";
  userId: string;
}

const THEIRS = ["strongroom.draft.", "strongroom.outbox."]; // and then the id of the person
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 32_000;

async function forget(userId: string): Promise<void> {
  for (const key of Object.keys(localStorage)) if (THEIRS.some((prefix) => key.startsWith(prefix + userId))) localStorage.removeItem(key);
  const { forgetLocally } = await import("../lib/local");
  await forgetLocally(userId);
}

class SessionState {
  /** asking: not known yet. ended: it was open, and the server does not take it any more. */
  standing = $state<"asking" | "stranger" | "in" | "ended">("asking");
  user = $state.raw<User | null>(null);
  /** Shown once, right after it was made. */
  recoveryCode = $state<string | null>(null);
  /** Whether the code that is shown has put an older one out of use. */
  recoveryReplaces = $state(false);
  /** Shown once, too. */
  backupCodes = $state.raw<string[] | null>(null);
  #joined: Lifetime[] = [];
  #firstChats: ChatPage | null = null;
  #turn = 0; // counts who comes, goes and is asked for: an answer to an older question is none
  #tabs = new BroadcastChannel("strongroom.session");

  constructor() {
    whenSessionEnds(() => this.#end());
    this.#tabs.onmessage = ({ data }: MessageEvent<News>) => this.#heard(data);
  }

  join(lifetime: Lifetime): void {
    this.#joined.push(lifetime);
    if (this.standing === "in" && this.user !== null) lifetime.enter(this.user);
  }

  /** With the cookie that the browser has, if it has one. Rejects when the server cannot be reached. */
  async resume(): Promise<void> {
    if (kept.get(ENTERED) === null) {
      this.standing = "stranger";
      return;
    }
    await this.#ask((this.#turn += 1));
  }

  /** The first page of chats, if it came with the answer to who is here: that saves a slow phone a second question. Once. */
  takeChats(): ChatPage | null {
    const page = this.#firstChats;
    this.#firstChats = null;
    return page;
  }

  /** Somebody has come in, here: the other tabs hear of it. */
  entered(user: User): void {
    this.#enter(user);
    this.#say("entered", user.id);
  }

  /** Instead of all else, until the person says that it is kept. */
  showCode(code: string, replaces: boolean): void {
    this.recoveryReplaces = replaces;
    this.recoveryCode = code;
  }

  /** The session is closed, on purpose: takes everything of the person off this page, this browser and its other tabs. */
  async gone(): Promise<void> {
    const userId = this.user?.id;
    this.#leave();
    if (userId === undefined) return;
    this.#say("left", userId);
    await forget(userId).catch(() => {}); // a browser without a database has nothing to forget
  }

  #say(news: News["news"], userId: string): void {
    this.#tabs.postMessage({ news, userId } satisfies News);
  }

  #heard({ news, userId }: News): void {
    const ours = userId === this.user?.id;
    if (news === "left") {
      if (!ours) return;
      this.#stop("asking"); // what waited cannot be sent any more: it is said
      this.#leave();
    } else if (!ours || this.standing !== "in") {
      // The cookie is the other's now: nothing of whoever was here may be sent with it.
      if (this.standing === "in") this.#stop("asking");
      void this.#insist();
    }
  }

  /** Until there is an answer, or somebody has come or gone. */
  async #insist(pauseMs = FIRST_PAUSE_MS): Promise<void> {
    const turn = (this.#turn += 1);
    try {
      await this.#ask(turn);
    } catch {
      setTimeout(() => {
        if (turn === this.#turn) void this.#insist(Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      }, pauseMs);
    }
  }

  /** Who it is by the cookie. Rejects when the server cannot be reached. */
  async #ask(turn: number): Promise<void> {
    let answer: ChatPage & { user: User | null };
    try {
      answer = await call(client.GET("/user/data", { params: { query: CHAT_PAGE } }));
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      kept.drop(ENTERED);
      if (this.standing !== "ended") this.standing = "stranger";
      return;
    }
    if (turn !== this.#turn || answer.user === null) return;
    this.#firstChats = answer;
    this.#enter(answer.user);
  }

  #enter(user: User): void {
    this.#turn += 1;
    if (this.user !== null && this.user.id !== user.id) for (const each of this.#joined) each.leave(true);
    const already = this.standing === "in" && this.user?.id === user.id;
    this.user = user;
    this.standing = "in";
    kept.set(ENTERED, "yes");
    if (!already) for (const each of this.#joined) each.enter(user);
  }

  #end(): void {
    this.#firstChats = null;
    if (this.standing === "in") this.#stop("ended");
  }

  /** Keeps what is not on the server yet. */
  #stop(standing: "asking" | "ended"): void {
    const { standing: before } = this;
    this.standing = standing;
    if (before === "in") for (const each of this.#joined) each.leave(false);
  }

  #leave(): void {
    this.#turn += 1;
    this.#firstChats = null;
    for (const each of this.#joined) each.leave(true);
    this.user = null;
    this.recoveryCode = this.backupCodes = null;
    this.standing = "stranger";
    kept.drop(ENTERED);
  }
}

export const session = new SessionState();
