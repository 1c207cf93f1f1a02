/** What happens to the person's things, as it happens.
 *
 * One tab of the browser listens to the server and tells the others: a browser opens six connections to a server in all,
 * and streams that stay would use them up. Where the stream cannot be had, everybody asks again every few seconds.
 *
 * A connection can die without a word. The server says something every 15 s, and the tab that listens passes it on: who
 * hears nothing for much longer does not wait any more. */

import { addresses, answering, sessionEnded } from "../api/client";
import { EVENT_TYPES, type EndReason, type LiveEvent, type Progress } from "../api/events";
import { Problem } from "../api/problem";
import { session } from "./session.svelte";

const POLL_MS = 5_000;
const READY_WITHIN_MS = 10_000;
const SILENT_MS = 40_000; // the server, to the tab that listens
const FORGOTTEN_MS = 60_000; // that tab, to the others; also how long a page is hidden before it asks anew
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const FAILURES = 3; // in a row: then the position may be what the server refuses

type Standing = "connecting" | "live" | "polling";
type News =
  | { news: "event"; event: LiveEvent }
  | { news: "progress"; progress: Progress }
  | { news: "ready"; position: number } // the stream begins here: all before it is to be asked for
  | { news: "heartbeat" }
  | { news: "standing"; standing: Standing }
  | { news: "hello" }; // a tab has come: what is the standing?

class Live {
  standing = $state<Standing>("connecting");
  #userId: string | null = null;
  #position: number | null = null; // of the newest event heard
  #onEvent = new Set<(event: LiveEvent) => void>();
  #onProgress = new Set<(progress: Progress) => void>();
  #onRefresh = new Set<() => void | Promise<void>>();
  #tabs = new BroadcastChannel("strongroom.live");
  #letGo: AbortController | null = null; // of the turn at listening, held or waited for
  #source: EventSource | null = null; // null: another tab listens
  #pauseMs = FIRST_PAUSE_MS;
  #failures = 0; // in a row
  #timer: ReturnType<typeof setTimeout> | undefined; // of the connection that is being made
  #silence: ReturnType<typeof setTimeout> | undefined;
  #polls = 0; // counts the stretches of polling, and the ends of them
  #hiddenAt = 0;

  constructor() {
    this.#tabs.onmessage = ({ data }: MessageEvent<News & { userId: string }>) => {
      if (data.userId === this.#userId) this.#heard(data); // tabs may be somebody else's for a moment
    };
    session.join({
      enter: ({ id }) => void this.#start(id),
      leave: () => this.#stop(),
    });
    addEventListener("online", () => this.#again(0));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#hiddenAt = Date.now();
      else if (Date.now() - this.#hiddenAt > FORGOTTEN_MS) void this.#refresh();
    });
  }

  /** Every event once, in the order of the log. Gives back how to stop listening. */
  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.#onEvent.add(listener);
    return () => this.#onEvent.delete(listener);
  }

  onProgress(listener: (progress: Progress) => void): () => void {
    this.#onProgress.add(listener);
    return () => this.#onProgress.delete(listener);
  }

  /** Called when events may have been missed: ask the server for what is shown. It is not asked regularly again before
   * the promises given back have settled. */
  onRefresh(listener: () => void | Promise<void>): () => void {
    this.#onRefresh.add(listener);
    return () => this.#onRefresh.delete(listener);
  }

  async #start(userId: string): Promise<void> {
    this.#stop();
    const turn = new AbortController();
    this.#letGo = turn;
    this.#userId = userId;
    this.#listen();
    this.#say({ news: "hello" });
    try {
      await navigator.locks.request(`strongroom.live.${userId}`, { signal: turn.signal }, async () => {
        if (turn.signal.aborted) return;
        this.#open();
        await new Promise<void>((resolve) => turn.signal.addEventListener("abort", () => resolve(), { once: true }));
      });
    } catch (error) {
      if (turn.signal.aborted) return;
      console.error(error);
      this.#stand("polling"); // no tab's turn can be had
    }
  }

  #stop(): void {
    this.#letGo?.abort();
    this.#letGo = null;
    this.#userId = null;
    this.#close();
    this.#source = null;
    this.#position = null;
    this.#failures = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#polls += 1;
    this.standing = "connecting";
  }

  #close(): void {
    this.#source?.close();
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
  }

  #open(): void {
    this.#close();
    const source = new EventSource(addresses.stream(this.#position));
    this.#source = source;
    this.#timer = setTimeout(() => this.#again(), READY_WITHIN_MS); // a proxy that holds it back, say
    source.onopen = () => {
      if (this.#position !== null) this.#arrived(); // else `ready` comes, and says where
    };
    source.addEventListener("ready", ({ lastEventId }) => {
      this.#arrived();
      if (this.#position === null) this.#tell({ news: "ready", position: Number(lastEventId) });
    });
    source.addEventListener("heartbeat", () => this.#tell({ news: "heartbeat" }));
    source.addEventListener("progress", ({ data }) => this.#tell({ news: "progress", progress: JSON.parse(data) }));
    source.addEventListener("end", ({ data }) => this.#ended((JSON.parse(data) as { reason: EndReason }).reason));
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, ({ data }) => {
        const event = { type, data: JSON.parse(data) } as LiveEvent; // more types than the compiler takes apart by itself
        this.#tell({ news: "event", event });
      });
    }
    source.onerror = () => this.#again();
  }

  #arrived(): void {
    clearTimeout(this.#timer);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#failures = 0;
    this.#tell({ news: "standing", standing: "live" });
  }

  #ended(reason: EndReason): void {
    if (reason === "shutdown") return this.#again();
    this.#close();
    if (reason === "erased") void session.gone();
    else sessionEnded();
  }

  /** Tries again after a pause, from where it stopped; meanwhile everybody asks. */
  #again(pauseMs = this.#pauseMs): void {
    if (this.#source === null) return; // another tab listens
    // Why a stream is refused cannot be seen. A log restored from a backup has not reached the position yet: begin anew.
    if ((this.#failures += 1) >= FAILURES) this.#position = null;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#tell({ news: "standing", standing: "polling" });
    this.#close();
    this.#timer = setTimeout(() => this.#open(), pauseMs * (0.75 + Math.random() / 2));
  }

  #tell(news: News): void {
    this.#say(news);
    this.#heard(news);
  }

  #say(news: News): void {
    if (this.#userId !== null) this.#tabs.postMessage({ ...news, userId: this.#userId });
  }

  #heard(news: News): void {
    if (this.#userId === null) return;
    if (news.news === "hello") {
      if (this.#source !== null) this.#say({ news: "standing", standing: this.standing });
      return;
    }
    this.#listen();
    switch (news.news) {
      case "standing":
        this.#stand(news.standing);
        break;
      case "ready":
        this.#position = news.position;
        this.#stand("live");
        void this.#refresh(); // what happened between the first look and now
        break;
      case "heartbeat":
        this.#stand("live");
        break;
      case "progress":
        this.#stand("live");
        each(this.#onProgress, news.progress);
        break;
      case "event":
        this.#stand("live");
        if (this.#position !== null && news.event.data.position <= this.#position) return;
        this.#position = news.event.data.position;
        each(this.#onEvent, news.event);
        break;
    }
  }

  /** Something was heard: from now on the silence counts. */
  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => {
        if (this.#source !== null) return this.#again();
        this.#stand("polling");
        void this.#refresh();
      },
      this.#source === null ? FORGOTTEN_MS : SILENT_MS,
    );
  }

  #stand(standing: Standing): void {
    const before = this.standing;
    if (before === standing) return;
    this.standing = standing;
    this.#polls += 1;
    if (standing === "polling") void this.#poll();
    else if (before === "polling") void this.#refresh();
  }

  async #poll(): Promise<void> {
    const turn = this.#polls;
    for (let pauseMs = POLL_MS; ; ) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (turn !== this.#polls) return;
      if (document.hidden) continue;
      pauseMs = (await this.#refresh()) ? POLL_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Gives, when all have settled, whether the server has answered. */
  async #refresh(): Promise<boolean> {
    if (this.#userId === null) return true;
    const asked = [...this.#onRefresh].map(async (listener) => listener());
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    for (const { reason } of refused) if (!(reason instanceof Problem)) console.error(reason);
    return refused.length === 0 && answering();
  }
}

/** A listener that throws takes nothing from the others. */
function each<Said>(listeners: Set<(said: Said) => void>, said: Said): void {
  for (const listener of listeners) {
    try {
      listener(said);
    } catch (error) {
      console.error(error);
    }
  }
}

export const live = new Live();
