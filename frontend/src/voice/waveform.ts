/** Peaks of sound, from the loudest of each moment to the bars that are drawn. Numbers go from 0 to 1. */

/** At most so many are kept of one recording: more than any screen shows. */
export const PEAKS_MAX = 512;
const FLOOR = 0.04; // silence is a dot, not a gap
const FULL_SCALE = 128;

/** Peaks of audiowaveform JSON, version 2, 8 bits: lowest and highest sample in turn. null when it is something else.
 *
 * https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md */
export function parseWaveform(answer: unknown): Float32Array | null {
  if (typeof answer !== "object" || answer === null || !("data" in answer) || !("bits" in answer)) return null;
  const { data, bits } = answer;
  if (bits !== 8 || !Array.isArray(data) || data.length % 2 !== 0) return null;
  const peaks = new Float32Array(data.length / 2);
  for (let at = 0; at < peaks.length; at += 1) {
    const lowest: unknown = data[2 * at];
    const highest: unknown = data[2 * at + 1];
    if (typeof lowest !== "number" || typeof highest !== "number") return null;
    peaks[at] = Math.min(1, Math.max(Math.abs(lowest), Math.abs(highest)) / FULL_SCALE);
  }
  return resample(peaks, Math.min(peaks.length, PEAKS_MAX));
}

/** `count` peaks over the same time: the loudest of what each covers. Fewer than that are repeated. */
export function resample(peaks: ArrayLike<number>, count: number): Float32Array {
  const bars = new Float32Array(count);
  if (peaks.length === 0) return bars;
  for (let bar = 0; bar < count; bar += 1) {
    const from = Math.floor((bar * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / count));
    for (let at = from; at < to; at += 1) bars[bar] = Math.max(bars[bar] ?? 0, peaks[at] ?? 0);
  }
  return bars;
}

/** Stretched so that the loudest fills the height, quiet talk too; whispers and noise grow fourfold at most. */
export function normalised(peaks: Float32Array): Float32Array {
  let loudest = 0;
  for (const peak of peaks) loudest = Math.max(loudest, peak);
  const factor = loudest === 0 ? 1 : Math.min(4, 1 / loudest);
  return peaks.map((peak) => peak * factor);
}

/** The loudest of each of `count` stretches of decoded sound. */
export function peaksOf(samples: Float32Array, count: number): Float32Array {
  const peaks = new Float32Array(Math.min(count, samples.length));
  for (let peak = 0; peak < peaks.length; peak += 1) {
    const to = Math.floor(((peak + 1) * samples.length) / peaks.length);
    for (let at = Math.floor((peak * samples.length) / peaks.length); at < to; at += 1) {
      peaks[peak] = Math.max(peaks[peak] ?? 0, Math.min(1, Math.abs(samples[at] ?? 0)));
    }
  }
  return peaks;
}

/** How loud it is just now, as the eye expects it: speech lies around the middle. `samples` from -1 to 1. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return Math.min(1, Math.sqrt(rms) * 1.4);
}

/** The `d` of one path: a rounded bar for each peak, drawn as a line from its foot to its head. */
export function barsPath(bars: ArrayLike<number>, stepPx: number, heightPx: number, strokePx: number): string {
  const middle = heightPx / 2;
  const room = (heightPx - strokePx) / 2;
  let path = "";
  for (let at = 0; at < bars.length; at += 1) {
    const half = Math.max(FLOOR, Math.min(1, bars[at] ?? 0)) * room;
    path += `M${((at + 0.5) * stepPx).toFixed(1)} ${(middle - half).toFixed(1)}V${(middle + half).toFixed(1)}`;
  }
  return path;
}
