/** What of a file can be shown on this page. */

import type { StoredFile } from "../api/types";
import { categoryOf } from "./kinds";

export const LONGEST_TEXT_BYTES = 200_000;

export type Sight = "picture" | "video" | "audio" | "text" | "none";

export function sightOf(file: StoredFile): Sight {
  switch (categoryOf(file)) {
    case "pictures":
      return "picture";
    case "video":
      return "video";
    case "audio":
      return "audio";
    case "documents":
      return file.mime_type?.startsWith("text/") ? "text" : "none";
    case "other":
      return "none";
  }
}
