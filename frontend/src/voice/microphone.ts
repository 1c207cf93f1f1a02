/** The microphone: opened, or the reason why not; and how loud it is. */

import { containerFor } from "./container";
import { loudness } from "./waveform";

/** insecure: not an https page · refused: by the person or the browser · missing: there is none · busy: another program
 * has it · unsupported: the browser does not record · empty: not a second of sound came · unknown */
export type Failure = "insecure" | "refused" | "missing" | "busy" | "unsupported" | "empty" | "unknown";

export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure);
  }
}

export interface Microphone {
  stream: MediaStream;
  type: string;
}

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };

/** Asks the person. Throws Refused. */
export async function openMicrophone(): Promise<Microphone> {
  if (!window.isSecureContext) throw new Refused("insecure");
  const type =
    "MediaRecorder" in window ? containerFor((each) => MediaRecorder.isTypeSupported(each), navigator.vendor) : null;
  if (type === null || navigator.mediaDevices === undefined) throw new Refused("unsupported");
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio: SOUND }), type };
  } catch (error) {
    throw new Refused(failureOf(error));
  }
}

function failureOf(error: unknown): Failure {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "unknown";
  }
}

export function close(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

export interface Meter {
  /** From 0 to 1, just now. */
  level(): number;
  close(): void;
}

/** Where the browser gives none, recording goes on without: the level is then 0. */
export function meterOf(stream: MediaStream): Meter {
  try {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(stream).connect(analyser);
    void context.resume().catch(() => {});
    const samples = new Float32Array(analyser.fftSize);
    return {
      level: () => {
        analyser.getFloatTimeDomainData(samples);
        return loudness(samples);
      },
      close: () => void context.close().catch(() => {}),
    };
  } catch {
    return { level: () => 0, close: () => {} };
  }
}

/** Keeps the screen on until the function it gives is called: phones stop the microphone with the screen. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const ask = () => {
    if (over || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then(
      (given) => {
        lock = given;
        if (over) void given.release();
      },
      () => {}, // a battery that is low refuses it
    );
  };
  ask();
  document.addEventListener("visibilitychange", ask); // it is lost whenever the page is hidden
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
