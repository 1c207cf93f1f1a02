/** For tests: a browser with a microphone that says what it is told to say. */

import { vi } from "vitest";

export class FakeTrack {
  onended: (() => void) | null = null;
  stopped = false;

  stop(): void {
    this.stopped = true;
  }
}

export class FakeMediaRecorder {
  static last: FakeMediaRecorder;
  static supported = ["audio/webm;codecs=opus"];
  static isTypeSupported = (type: string): boolean => FakeMediaRecorder.supported.includes(type);

  state: "inactive" | "recording" | "paused" = "inactive";
  mimeType: string;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  onstop: (() => void) | null = null;
  onerror: (() => void) | null = null;
  #pending = "";

  constructor(
    readonly stream: { getTracks: () => FakeTrack[] },
    { mimeType }: { mimeType: string },
  ) {
    this.mimeType = mimeType;
    FakeMediaRecorder.last = this;
  }

  start(): void {
    this.state = "recording";
  }

  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "recording";
  }

  /** Heard, and not given out yet. */
  hear(words: string): void {
    this.#pending += words;
  }

  requestData(): void {
    this.ondataavailable?.({ data: new Blob([this.#pending], { type: this.mimeType }) });
    this.#pending = "";
  }

  stop(): void {
    this.state = "inactive";
    queueMicrotask(() => {
      this.requestData();
      this.onstop?.();
    });
  }
}

export interface FakeMicrophone {
  track: FakeTrack;
  getUserMedia: ReturnType<typeof vi.fn>;
  /** What `navigator.storage.estimate()` says. */
  estimate: { quota: number; usage: number };
}

/** Stubs what the recorder asks of the browser; `vi.unstubAllGlobals()` takes it back. */
export function withMicrophone(): FakeMicrophone {
  const track = new FakeTrack();
  const getUserMedia = vi.fn(async () => ({ getTracks: () => [track] }));
  const fake: FakeMicrophone = { track, getUserMedia, estimate: { quota: 1e12, usage: 0 } };
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  vi.stubGlobal("BroadcastChannel", tabs());
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("MediaRecorder", FakeMediaRecorder);
  vi.stubGlobal("navigator", {
    vendor: "Google Inc.",
    mediaDevices: { getUserMedia },
    storage: { estimate: async () => fake.estimate },
    locks: new FakeLocks(),
  });
  return fake;
}

/** Web Locks, as far as they are asked for here. */
class FakeLocks {
  #held = new Set<string>();

  async request(name: string, callback: () => Promise<void>): Promise<void> {
    this.#held.add(name);
    await callback();
    this.#held.delete(name);
  }

  async query(): Promise<{ held: { name: string }[] }> {
    return { held: [...this.#held].map((name) => ({ name })) };
  }
}

/** A BroadcastChannel between the pages of one browser. */
function tabs(): unknown {
  const open: { onmessage: (event: { data: unknown }) => void }[] = [];
  return class {
    onmessage = (_: { data: unknown }): void => {};

    constructor() {
      open.push(this);
    }

    postMessage(data: unknown): void {
      for (const other of open) if (other !== this) queueMicrotask(() => other.onmessage({ data }));
    }
  };
}
