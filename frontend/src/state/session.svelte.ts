/** Who is signed in. Other parts of the page join to be told when somebody comes and goes. */

import { call, client, whenSessionEnds } from "../api/client";
import { Problem } from "../api/problem";
import type { User } from "../api/types";
import { newId } from "../lib/ids";

/** What lives as long as somebody is signed in. */
export interface Lifetime {
  enter(user: User): void;
  /** `gone`: the person signed out: forget all of it. Otherwise the session ended by itself: stop, and keep what is not
   * on the server yet, for the same person to come back to. */
  leave(gone: boolean): void;
}

/** What the tabs of one browser tell each other. */
type News = { news: "entered"; userId: string } | { news: "left" };

const DRAFTS = "strongroom.draft.";
const ENTERED = "strongroom.entered"; // somebody is signed in with this browser, as far as it knows

function keyed(key: string) {
  return { header: { "Idempotency-Key": key } };
}

async function forget(userId: string): Promise<void> {
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
  #joined: Lifetime[] = [];
  #tabs = new BroadcastChannel("strongroom.session");

  constructor() {
    whenSessionEnds(() => this.#end());
    this.#tabs.onmessage = ({ data }: MessageEvent<News>) => {
      if (data.news === "left") this.#leave(true);
      else if (this.user?.id !== data.userId || this.standing !== "in") void this.resume();
    };
  }

  join(lifetime: Lifetime): void {
    this.#joined.push(lifetime);
    if (this.standing === "in" && this.user !== null) lifetime.enter(this.user);
  }

  /** With the cookie that the browser has, if it has one. Rejects when the server cannot be reached. */
  async resume(): Promise<void> {
    if (localStorage.getItem(ENTERED) === null) {
      this.standing = "stranger";
      return;
    }
    try {
      const { user } = await call(client.GET("/user/data", { params: { query: { include: "chats", limit: 1 } } }));
      if (user !== null) this.#enter(user);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      localStorage.removeItem(ENTERED);
      if (this.standing !== "ended") this.standing = "stranger";
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    const { user } = await call(client.POST("/auth/login", { body: { username, password, cookie: true } }));
    this.#enter(user);
    this.#tabs.postMessage({ news: "entered", userId: user.id } satisfies News);
  }

  /** `key`: an idempotency key, so that an answer lost on its way, with the recovery code in it, can be had again. */
  async signUp(username: string, email: string, password: string, key: string = newId()): Promise<void> {
    const body = { username, email, password, cookie: true };
    const { user, recovery_code } = await call(client.POST("/auth/register", { body, params: keyed(key) }));
    this.showCode(recovery_code, false);
    this.#enter(user);
    this.#tabs.postMessage({ news: "entered", userId: user.id } satisfies News);
  }

  /** Sets a new password by the recovery code, which is used up. `key` as in `signUp`. */
  async recover(username: string, code: string, newPassword: string, key: string = newId()): Promise<void> {
    const body = { username, recovery_code: code, new_password: newPassword, cookie: true };
    const { user, recovery_code } = await call(client.POST("/auth/recover", { body, params: keyed(key) }));
    this.showCode(recovery_code, true);
    this.#enter(user);
    this.#tabs.postMessage({ news: "entered", userId: user.id } satisfies News);
  }

  /** Instead of all else, until the person says that it is kept. */
  showCode(code: string, replaces: boolean): void {
    this.recoveryReplaces = replaces;
    this.recoveryCode = code;
  }

  async signOut(): Promise<void> {
    await call(client.POST("/auth/logout"));
    await this.gone();
  }

  /** The session is closed, on purpose: takes everything of the person off this page, this browser and its other tabs. */
  async gone(): Promise<void> {
    const userId = this.user?.id;
    this.#leave(true);
    this.#tabs.postMessage({ news: "left" } satisfies News);
    if (userId === undefined) return;
    for (const key of Object.keys(localStorage)) if (key.startsWith(DRAFTS + userId)) localStorage.removeItem(key);
    await forget(userId).catch(() => {}); // a browser without a database has nothing to forget
  }

  #enter(user: User): void {
    if (this.user !== null && this.user.id !== user.id) for (const each of this.#joined) each.leave(true);
    const already = this.standing === "in" && this.user?.id === user.id;
    this.user = user;
    this.standing = "in";
    localStorage.setItem(ENTERED, "yes");
    if (!already) for (const each of this.#joined) each.enter(user);
  }

  #end(): void {
    if (this.standing !== "in") return;
    this.standing = "ended";
    for (const each of this.#joined) each.leave(false);
  }

  #leave(gone: boolean): void {
    for (const each of this.#joined) each.leave(gone);
    this.user = null;
    this.recoveryCode = null;
    this.standing = "stranger";
    localStorage.removeItem(ENTERED);
  }
}

export const session = new SessionState();
