/** The one loudspeaker of the page: what is played, where it stands, how fast. Starting one thing stops another, and a
 * message that scrolls out of sight plays on. */

import { SvelteMap } from "svelte/reactivity";
import { addresses } from "../api/client";
import { told } from "../api/problem";
import { kept } from "../lib/kept";
import { live } from "../state/live.svelte";
import { session } from "../state/session.svelte";
import { t } from "../texts/texts.svelte";
import { converted } from "./converting";

export const SPEEDS = [1, 1.25, 1.5, 2] as const;
const SPEED_KEPT = "strongroom.speed";
const POSITIONS_KEPT = 200;
const NETWORK = 2; // MediaError.MEDIA_ERR_NETWORK
const BEYOND_ALL_S = 1e7; // where a browser that looks for the end of a recording finds it

/** What can be played. */
export interface Track {
  id: string; // a file's, or a recording's
  src: string;
  durationS: number;
  /** The file whose AAC copy is played when `src` cannot be; null for what is only here. */
  fileId: string | null;
  /** Whether this browser says that it can play `src`. */
  playable: boolean;
}

type Phase = "silent" | "loading" | "converting" | "playing" | "paused" | "failed";

class Playback {
  track = $state.raw<Track | null>(null);
  problem = $state<string | null>(null);
  speed = $state<number>(1);
  #phase = $state<Phase>("silent");
  #atS = new SvelteMap<string, number>();
  #element: HTMLAudioElement | null = null;
  #converted = false; // the copy is what is played
  #searching = false; // for the end of a recording, which is passed over on the way
  #frame = 0;
  #turn = new AbortController(); // ends with the track

  constructor() {
    session.join({ enter: () => this.#rememberSpeed(), leave: () => this.stop() });
    live.onEvent(({ data }) => {
      if ("file_id" in data && data.file_id === this.track?.id && (data.status === "deleted" || data.forgotten)) this.stop();
    });
  }

  phase(id: string): Phase {
    return this.track?.id === id ? this.#phase : "silent";
  }

  atS(id: string): number {
    return this.#atS.get(id) ?? 0;
  }

  toggle(track: Track): void {
    const phase = this.phase(track.id);
    if (phase === "playing" || phase === "loading" || phase === "converting") this.pause();
    else this.play(track);
  }

  play(track: Track): void {
    const phase = this.phase(track.id);
    if (phase === "paused") void this.#run();
    else if (phase === "silent" || phase === "failed") this.#load(track);
  }

  pause(): void {
    if (this.#phase === "loading" || this.#phase === "converting") this.stop();
    else this.#element?.pause();
  }

  seek(track: Track, seconds: number): void {
    const atS = Math.min(Math.max(0, seconds), track.durationS);
    this.#stand(track.id, atS);
    const phase = this.phase(track.id);
    if (this.#element !== null && (phase === "playing" || phase === "paused")) this.#element.currentTime = atS;
  }

  nextSpeed(): void {
    this.speed = SPEEDS[(SPEEDS.findIndex((speed) => speed === this.speed) + 1) % SPEEDS.length] ?? 1;
    if (this.#element !== null) this.#element.playbackRate = this.speed;
    kept.set(SPEED_KEPT, String(this.speed));
  }

  stop(): void {
    this.#turn.abort();
    this.#searching = false;
    this.#phase = "silent";
    this.track = null;
    this.problem = null;
    if (this.#element === null) return;
    this.#element.pause();
    this.#element.removeAttribute("src");
    this.#element.load(); // lets go of the connection and the bytes
  }

  #rememberSpeed(): void {
    const remembered = Number(kept.get(SPEED_KEPT) ?? this.speed);
    this.speed = SPEEDS.find((speed) => speed === remembered) ?? 1;
  }

  #load(track: Track): void {
    this.stop();
    this.#turn = new AbortController();
    this.track = track;
    this.#converted = false;
    if (track.playable || track.fileId === null) this.#open(track.src);
    else void this.#convert(track.fileId);
  }

  #open(src: string): void {
    this.#phase = "loading";
    const element = (this.#element ??= this.#made());
    element.src = src;
    element.load();
    void this.#run();
  }

  async #run(): Promise<void> {
    const element = this.#element;
    if (element === null) return;
    const { signal } = this.#turn;
    try {
      await element.play();
    } catch (error) {
      if (signal.aborted || !(error instanceof DOMException)) return;
      if (error.name === "NotAllowedError") this.#phase = "paused"; // a press is too long ago: another one does it
    }
  }

  /** The copy that every browser plays: waits until the server has made it. */
  async #convert(fileId: string): Promise<void> {
    const { signal } = this.#turn;
    this.#phase = "converting";
    this.#converted = true;
    try {
      await converted(fileId, signal);
      if (!signal.aborted) this.#open(addresses.aac(fileId));
    } catch (error) {
      if (!signal.aborted) this.#fail(told(error));
    }
  }

  #fail(problem: string): void {
    this.#phase = "failed";
    this.problem = problem;
  }

  #made(): HTMLAudioElement {
    const element = new Audio();
    element.preload = "auto"; // there is an address only once somebody wants to hear it
    element.addEventListener("loadedmetadata", () => this.#begin(element));
    element.addEventListener("playing", () => {
      this.#phase = "playing";
      this.#follow(element);
    });
    element.addEventListener("pause", () => {
      if (this.#phase === "playing" && !this.#searching) this.#phase = "paused";
    });
    element.addEventListener("timeupdate", () => this.#heard(element));
    element.addEventListener("ended", () => {
      if (this.track === null || this.#searching) return;
      this.#atS.delete(this.track.id);
      this.#phase = "paused"; // playing again begins at the beginning
    });
    element.addEventListener("error", () => this.#broke(element));
    return element;
  }

  #begin(element: HTMLAudioElement): void {
    if (this.track === null || this.#searching) return;
    element.playbackRate = this.speed;
    if (this.track.fileId === null && !Number.isFinite(element.duration)) this.#search(element);
    else if (this.atS(this.track.id) > 0) element.currentTime = this.atS(this.track.id);
  }

  /** A recording as the browser made it has no length and no index: it can be sought once its end has been seen. */
  #search(element: HTMLAudioElement): void {
    const { signal } = this.#turn;
    const found = () => {
      this.#searching = false;
      if (this.track === null) return;
      element.currentTime = this.atS(this.track.id);
      void this.#run();
    };
    this.#searching = true;
    element.addEventListener("seeked", found, { once: true, signal });
    element.currentTime = BEYOND_ALL_S;
  }

  #follow(element: HTMLAudioElement): void {
    cancelAnimationFrame(this.#frame);
    if (this.#phase !== "playing") return;
    this.#heard(element);
    this.#frame = requestAnimationFrame(() => this.#follow(element));
  }

  #heard(element: HTMLAudioElement): void {
    if (this.track === null || this.#phase !== "playing" || this.#searching || element.seeking) return;
    this.#stand(this.track.id, Math.min(element.currentTime, this.track.durationS));
  }

  #stand(id: string, atS: number): void {
    this.#atS.set(id, atS);
    const [oldest] = this.#atS.keys();
    if (this.#atS.size > POSITIONS_KEPT && oldest !== undefined) this.#atS.delete(oldest);
  }

  #broke(element: HTMLAudioElement): void {
    const { track } = this;
    if (track === null || element.error === null) return;
    if (element.error.code !== NETWORK && !this.#converted && track.fileId !== null) void this.#convert(track.fileId);
    else this.#fail(t.voice.cannotPlay);
  }
}

export const playback = new Playback();
