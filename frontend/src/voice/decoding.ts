/** Peaks of a recording that is only here, found by decoding it. */

import { normalised, PEAKS_MAX, peaksOf } from "./waveform";

const LONGEST_S = 600; // decoded sound takes 11 MB a minute on its way
const RATE_HZ = 8_000; // the lowest that every browser gives

/** null where it is too long for that, or the browser cannot. */
export async function decodedPeaks(bytes: Blob, durationS: number): Promise<Float32Array | null> {
  if (durationS > LONGEST_S) return null;
  try {
    const decoded = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await bytes.arrayBuffer());
    return normalised(peaksOf(decoded.getChannelData(0), PEAKS_MAX));
  } catch {
    return null;
  }
}
