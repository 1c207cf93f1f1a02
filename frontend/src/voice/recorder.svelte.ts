/** One recording, from the first word to a note that can be reviewed:
 *
 *     idle → asking → recording ⇄ paused → review
 *               ↘ failed ↙
 *
 * Each second goes to `keeping` as it comes, so that nothing but the last one can be lost. */

import { newId } from "../lib/ids";
import type { RecordingRow } from "../lib/local";
import type { Keeping } from "./keeping";
import { close, meterOf, openMicrophone, Refused, stayAwake, type Failure, type Meter, type Microphone } from "./microphone";

export type RecorderState = "idle" | "asking" | "recording" | "paused" | "review" | "failed";
/** Worth a word: unplugged: the microphone was taken away · longest: the bound was reached · storage: little room is left
 * · memory: the browser keeps nothing, only this page does */
export type Notice = "unplugged" | "longest" | "storage" | "memory";

export const LONGEST_S = 3 * 3600;
const SLICE_MS = 1_000;
const TICK_MS = 100;
const LOOK_AT_STORAGE_EVERY = 600; // ticks
const STORAGE_SHORT_BYTES = 50_000_000;
const BITS_PER_SECOND = 64_000;
const SHOWN_LEVELS = 160;

export class Recorder {
  state = $state<RecorderState>("idle");
  failure = $state<Failure | null>(null);
  /** Recorded time: pauses do not count. */
  elapsedS = $state(0);
  /** The newest levels, the newest last: ten a second, 0 to 1. */
  recent = $state.raw<readonly number[]>([]);
  /** All of them, for the picture of the whole. */
  readonly levels: number[] = [];
  readonly id = newId();
  #chatId: string;
  #begin: (row: RecordingRow) => Keeping;
  #tell: (notice: Notice) => void;
  #told = new Set<Notice>();
  #keeping: Keeping | null = null;
  #media: MediaRecorder | null = null;
  #stopped: Promise<void> = Promise.resolve();
  #countedMs = 0;
  #resumedAtMs: number | null = null;
  #ending: (() => void)[] = [];
  #wanted = true;

  /** `begin` gives the recording its place; `tell` says what the person should know in passing. */
  constructor(chatId: string, begin: (row: RecordingRow) => Keeping, tell: (notice: Notice) => void) {
    this.#chatId = chatId;
    this.#begin = begin;
    this.#tell = tell;
  }

  get level(): number {
    return this.recent.at(-1) ?? 0;
  }

  async start(userId: string): Promise<void> {
    if (this.state !== "idle") return;
    this.state = "asking";
    try {
      const microphone = await openMicrophone();
      if (this.#wanted) this.#record(userId, microphone);
      else close(microphone.stream); // cancelled while the browser was asking
    } catch (error) {
      this.#fail(error instanceof Refused ? error.failure : "unknown");
    }
  }

  pause(): void {
    if (this.state !== "recording" || this.#media === null) return;
    this.#media.pause();
    this.#count();
    this.#resumedAtMs = null;
    this.state = "paused";
    this.#media.requestData(); // a pause may be long: what was said is kept now
  }

  resume(): void {
    if (this.state !== "paused" || this.#media === null) return;
    this.#media.resume();
    this.#resumedAtMs = performance.now();
    this.state = "recording";
  }

  /** Ends it; resolves when all of it is kept. The state is then `review`, or `failed` when nothing was heard. */
  async finish(): Promise<void> {
    this.#wanted = false;
    if (this.#media !== null && this.#media.state !== "inactive") this.#media.stop();
    await this.#stopped;
  }

  #record(userId: string, { stream, type }: Microphone): void {
    this.#ending = [() => close(stream)];
    const media = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    let heardBytes = 0;
    const row = { id: this.id, userId, chatId: this.#chatId, startedAt: new Date().toISOString(), durationS: 0 };
    const keeping = this.#begin({ ...row, type: media.mimeType || type, finished: false });
    const meter = meterOf(stream);
    media.ondataavailable = ({ data }) => {
      if (data.size === 0) return;
      heardBytes += data.size;
      keeping.add(data, this.#count());
      void keeping.settled().then(() => keeping.refused && this.#say("memory"));
    };
    this.#stopped = new Promise((resolve) => {
      media.onstop = () => {
        this.#end(heardBytes);
        void keeping.settled().then(resolve);
      };
    });
    for (const track of stream.getTracks()) track.onended = () => this.#cut("unplugged");
    media.onerror = () => this.#cut("unplugged");
    this.#media = media;
    this.#keeping = keeping;
    this.#during(meter, media);
    media.start(SLICE_MS);
    this.#resumedAtMs = performance.now();
    this.state = "recording";
    void this.#lookAtStorage();
  }

  /** What goes on beside the recording, and how each of it ends. */
  #during(meter: Meter, media: MediaRecorder): void {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      this.#tick(meter);
      if (ticks % LOOK_AT_STORAGE_EVERY === 0) void this.#lookAtStorage();
    }, TICK_MS);
    const hidden = () => {
      // A phone may end a hidden page without another word.
      if (document.visibilityState === "hidden" && media.state === "recording") media.requestData();
    };
    document.addEventListener("visibilitychange", hidden);
    this.#ending.push(
      () => clearInterval(timer),
      () => document.removeEventListener("visibilitychange", hidden),
      () => meter.close(),
      stayAwake(),
    );
  }

  #tick(meter: Meter): void {
    if (this.state !== "recording") return;
    const level = meter.level();
    const until = Math.floor((this.#count() * 1_000) / TICK_MS);
    while (this.levels.length <= until) this.levels.push(level); // a hidden page ticks once a second
    this.recent = this.levels.slice(-SHOWN_LEVELS);
    if (this.elapsedS >= LONGEST_S) this.#cut("longest");
  }

  /** Brings the recorded time up to now. */
  #count(): number {
    const nowMs = performance.now();
    if (this.#resumedAtMs !== null) {
      this.#countedMs += nowMs - this.#resumedAtMs;
      this.#resumedAtMs = nowMs;
    }
    this.elapsedS = this.#countedMs / 1_000;
    return this.elapsedS;
  }

  #cut(notice: Notice): void {
    if (!this.#wanted || (this.state !== "recording" && this.state !== "paused")) return; // it is being cut already
    this.#say(notice);
    void this.finish();
  }

  #end(heardBytes: number): void {
    const durationS = this.#count();
    this.#resumedAtMs = null;
    this.#release();
    this.#media = null;
    this.#keeping?.finish(durationS);
    if (heardBytes > 0) this.state = "review";
    else this.#fail("empty");
  }

  #fail(failure: Failure): void {
    this.#release();
    this.failure = failure;
    this.state = "failed";
  }

  #release(): void {
    for (const end of this.#ending.splice(0)) end();
  }

  async #lookAtStorage(): Promise<void> {
    try {
      const { quota, usage } = await navigator.storage.estimate();
      if (quota !== undefined && quota - (usage ?? 0) < STORAGE_SHORT_BYTES) this.#say("storage");
    } catch {
      // A browser that cannot tell.
    }
  }

  #say(notice: Notice): void {
    if (this.#told.has(notice)) return;
    this.#told.add(notice);
    this.#tell(notice);
  }
}
