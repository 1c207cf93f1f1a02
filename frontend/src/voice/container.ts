/** Which container a browser records into, and what the file is called. */

const OPUS_IN_WEBM = ["audio/webm;codecs=opus", "audio/webm"];
const AAC_IN_MP4 = ["audio/mp4;codecs=mp4a.40.2", "audio/mp4"];
const OPUS_IN_OGG = ["audio/ogg;codecs=opus", "audio/ogg"];

const EXTENSIONS: Record<string, string> = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };

/** The media type to record as, with its codec; null where the browser records none that everybody can open.
 *
 * Apple's WebM is young and its players prefer AAC; everywhere else Opus says more with fewer bytes. */
export function containerFor(supports: (type: string) => boolean, vendor: string): string | null {
  const apple = vendor.startsWith("Apple") || !OPUS_IN_WEBM.some(supports);
  const order = apple ? [AAC_IN_MP4, OPUS_IN_WEBM, OPUS_IN_OGG] : [OPUS_IN_WEBM, AAC_IN_MP4, OPUS_IN_OGG];
  return order.flat().find(supports) ?? null;
}

/** "audio/webm;codecs=opus" → "audio/webm" */
export function plainType(type: string): string {
  return (type.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** "Voice note 2026-11-23 14.03.webm", by the clock on the wall. No colons: some file systems refuse them. */
export function noteName(title: string, startedAt: string, type: string): string {
  const at = new Date(startedAt);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${title} ${day} ${two(at.getHours())}.${two(at.getMinutes())}.${EXTENSIONS[plainType(type)] ?? "audio"}`;
}
