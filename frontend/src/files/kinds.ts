/** What sort of thing a file is to a person. */

import type { StoredFile } from "../api/types";

export const CATEGORIES = ["pictures", "audio", "video", "documents", "other"] as const;
export type Category = (typeof CATEGORIES)[number];

/** How the media type begins, where that alone tells the category: the server can filter by it. */
export const MIME_PREFIX: Partial<Record<Category, string>> = { pictures: "image/", audio: "audio/", video: "video/" };

const DOCUMENT =
  /^(text\/|application\/(pdf|rtf|msword|json|xml|epub\+zip|vnd\.(openxmlformats|oasis|ms-(excel|powerpoint|word)|apple)))/;

// Until the type has been told from the bytes, the name gives a first idea of it.
const ENDINGS: readonly [Category, RegExp][] = [
  ["pictures", /\.(jpe?g|png|gif|webp|avif|heic|bmp|tiff?)$/i],
  ["audio", /\.(mp3|m4a|ogg|opus|oga|wav|flac|aac|weba)$/i],
  ["video", /\.(mp4|mov|webm|mkv|avi|m4v)$/i],
  ["documents", /\.(pdf|docx?|xlsx?|pptx?|odt|ods|odp|txt|md|csv|rtf|epub|html?|json|xml|pages)$/i],
];

type Told = Pick<StoredFile, "kind" | "mime_type" | "name" | "audio">;

export function categoryOf({ kind, mime_type: type, name, audio }: Told): Category {
  if (kind === "audio" || audio !== null || type?.startsWith("audio/")) return "audio";
  if (type === null) return ENDINGS.find(([, ending]) => ending.test(name))?.[0] ?? "other";
  if (type.startsWith("image/")) return "pictures";
  if (type.startsWith("video/")) return "video";
  return DOCUMENT.test(type) ? "documents" : "other";
}

/** 0 to 100, or null where nothing has been told yet. */
export function percent(file: Pick<StoredFile, "progress">): number | null {
  return file.progress === null ? null : Math.floor(file.progress * 100);
}
