/** What happens to the person's things, as it happens.
 *
 * One tab of the browser listens to the server and tells the others: a browser opens six connections to a server in all,
 * and streams that stay would use them up. Where the stream cannot be had, everybody asks again every few seconds. */

import { addresses, sessionEnded } from "../api/client";
import { EVENT_TYPES, type EndReason, type LiveEvent, type Progress } from "../api/events";
import { session } from "./session.svelte";

const POLL_MS = 5_000;
const READY_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

type Standing = "connecting" | "live" | "polling";
type News =
  | { news: "event"; event: LiveEvent }
  | { news: "progress"; progress: Progress }
  | { news: "standing"; standing: Standing }
  | { news: "hello" }; // a tab has come: what is the standing?

class Live {
  standing = $state<Standing>("connecting");
  #position: number | null = null; // of the newest event heard
  #onEvent = new Set<(event: LiveEvent) => void>();
  #onProgress = new Set<(progress: Progress) => void>();
  #onRefresh = new Set<() => void>();
  #tabs = new BroadcastChannel("strongroom.live");
  #letGo: AbortController | null = null; // of the turn at listening, held or waited for
  #source: EventSource | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.#tabs.onmessage = ({ data }: MessageEvent<News>) => this.#heard(data);
    session.join({
      enter: ({ id }) => void this.#start(id),
      leave: () => this.#stop(),
    });
    addEventListener("online", () => this.#again(0));
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

  /** Called when events may have been missed: ask the server for what is shown. */
  onRefresh(listener: () => void): () => void {
    this.#onRefresh.add(listener);
    return () => this.#onRefresh.delete(listener);
  }

  async #start(userId: string): Promise<void> {
    this.#stop();
    const turn = new AbortController();
    this.#letGo = turn;
    this.#tabs.postMessage({ news: "hello" } satisfies News);
    try {
      await navigator.locks.request(`strongroom.live.${userId}`, { signal: turn.signal }, async () => {
        if (turn.signal.aborted) return;
        this.#open();
        await new Promise<void>((resolve) => turn.signal.addEventListener("abort", () => resolve(), { once: true }));
      });
    } catch (error) {
      if (!turn.signal.aborted) throw error;
    }
  }

  #stop(): void {
    this.#letGo?.abort();
    this.#letGo = null;
    this.#close();
    this.#position = null;
    this.#pauseMs = FIRST_PAUSE_MS;
    clearInterval(this.#poll);
    this.#poll = undefined;
    this.standing = "connecting";
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
  }

  #open(): void {
    this.#close();
    const source = new EventSource(addresses.stream(this.#position));
    this.#source = source;
    this.#timer = setTimeout(() => this.#again(), READY_WITHIN_MS); // a proxy that holds it back, say
    source.onopen = () => {
      if (this.#position === null) return; // `ready` comes, and says where
      this.#arrived();
    };
    source.addEventListener("ready", ({ lastEventId }) => {
      this.#arrived();
      if (this.#position !== null) return;
      this.#position = Number(lastEventId);
      this.#refresh(); // what happened between the first look and now
    });
    source.addEventListener("progress", ({ data }) => this.#tell({ news: "progress", progress: JSON.parse(data) }));
    source.addEventListener("end", ({ data }) => this.#ended((JSON.parse(data) as { reason: EndReason }).reason));
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, ({ data }) => this.#tell({ news: "event", event: { type, data: JSON.parse(data) } }));
    }
    source.onerror = () => this.#again();
  }

  #arrived(): void {
    clearTimeout(this.#timer);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#tell({ news: "standing", standing: "live" });
  }

  #ended(reason: EndReason): void {
    this.#close();
    if (reason === "shutdown") this.#again();
    else sessionEnded();
  }

  /** Tries again after a pause, from where it stopped; meanwhile everybody asks. */
  #again(pauseMs = this.#pauseMs): void {
    if (this.#letGo === null || this.#source === null) return; // another tab listens
    this.#source.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), pauseMs * (0.75 + Math.random() / 2));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#tell({ news: "standing", standing: "polling" });
  }

  #tell(news: News): void {
    this.#tabs.postMessage(news);
    this.#heard(news);
  }

  #heard(news: News): void {
    if (session.standing !== "in") return;
    switch (news.news) {
      case "event":
        if (this.#position !== null && news.event.data.position <= this.#position) return;
        this.#position = news.event.data.position;
        for (const listener of this.#onEvent) listener(news.event);
        break;
      case "progress":
        for (const listener of this.#onProgress) listener(news.progress);
        break;
      case "standing":
        this.#stand(news.standing);
        break;
      case "hello":
        if (this.#source !== null) this.#tabs.postMessage({ news: "standing", standing: this.standing } satisfies News);
        break;
    }
  }

  #stand(standing: Standing): void {
    if (this.standing === "polling" && standing === "live") this.#refresh();
    this.standing = standing;
    if (standing === "polling") this.#poll ??= setInterval(() => this.#refresh(), POLL_MS);
    else {
      clearInterval(this.#poll);
      this.#poll = undefined;
    }
  }

  #refresh(): void {
    for (const listener of this.#onRefresh) listener();
  }
}

export const live = new Live();
