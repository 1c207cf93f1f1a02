/** Where an upload stands, in words. */

import { duration, size } from "../lib/format";
import { t } from "../texts/texts.svelte";
import type { Upload } from "./upload.svelte";

/** "5.1 MB of 12 MB", or the size alone where nothing has left yet. */
function bytes({ sentBytes, sizeBytes }: Upload): string {
  return sentBytes > 0 && sentBytes < sizeBytes ? t.uploads.ofAll(size(sentBytes), size(sizeBytes)) : size(sizeBytes);
}

/** One line for every stage; the sentence of a failed one. */
export function standing(upload: Upload): string {
  const { rateBps, leftS, processing } = upload;
  switch (upload.stage) {
    case "waiting":
      return `${bytes(upload)} · ${t.uploads.waiting[upload.waitsFor]}`;
    case "transferring": {
      if (upload.sentBytes === upload.sizeBytes) return `${bytes(upload)} · ${t.uploads.arriving}`;
      if (rateBps === 0 || leftS === null) return bytes(upload);
      return `${bytes(upload)} · ${t.uploads.rate(size(rateBps))} · ${t.uploads.left(duration(Math.max(1, Math.ceil(leftS))))}`;
    }
    case "paused":
      return `${bytes(upload)} · ${t.uploads.paused}`;
    case "processing":
      if (processing === null || processing === 0) return t.uploads.checking;
      return processing < 1 ? t.uploads.sealed(Math.floor(processing * 100)) : t.uploads.almost;
    case "kept":
      return size(upload.sizeBytes);
    case "failed":
      return upload.problem ?? t.problems.unknown;
    case "missing":
      return t.uploads.missing;
  }
}

/** A word or two, where there is little room: the bar beside it says the rest. */
export function brief(upload: Upload): string {
  const { stage, waitsFor, sentBytes, sizeBytes } = upload;
  switch (stage) {
    case "waiting":
      return waitsFor === "turn" ? size(sizeBytes) : t.uploads.waiting[waitsFor];
    case "transferring":
      return sentBytes === sizeBytes ? t.uploads.arriving : t.uploads.percent(Math.floor((100 * sentBytes) / sizeBytes));
    case "processing":
      return t.uploads.beingSealed;
    default:
      return standing(upload);
  }
}

/** 0 to 1 of the phase it is in; null where that is not known, so that no bar stands still at its end. */
export function share({ stage, sentBytes, sizeBytes, processing }: Upload): number | null {
  if (stage === "processing") return processing !== null && processing > 0 && processing < 1 ? processing : null;
  if (stage === "transferring" && sentBytes === sizeBytes) return null;
  return sizeBytes === 0 ? 0 : sentBytes / sizeBytes;
}

export interface Sum {
  all: number;
  kept: number;
  failed: number; // or missing: somebody has to do something
  transferring: boolean;
  percent: number; // of the bytes, and never 100: then it is kept
}

export function sumOf(all: readonly Upload[]): Sum {
  const count = (...stages: Upload["stage"][]) => all.filter(({ stage }) => stages.includes(stage)).length;
  const totalBytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sentBytes = all.reduce((sum, { sentBytes: sent }) => sum + sent, 0);
  return {
    all: all.length,
    kept: count("kept"),
    failed: count("failed", "missing"),
    transferring: count("waiting", "transferring", "paused") > 0,
    percent: totalBytes === 0 ? 0 : Math.min(99, Math.floor((100 * sentBytes) / totalBytes)),
  };
}

/** The one line of a folded tray. */
export function summary({ all, kept, failed, transferring, percent }: Sum): string {
  if (kept === all) return t.uploads.allKept(all);
  if (transferring) return t.uploads.summary(kept, all, percent);
  if (kept + failed === all) return t.uploads.someFailed(failed, all);
  return t.uploads.sealing(kept, all);
}
