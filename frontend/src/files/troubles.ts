/** What went wrong with a file, and trying again. */

import { told } from "../api/problem";
import type { StoredFile } from "../api/types";
import { files } from "../state/files.svelte";
import { toasts } from "../state/toasts.svelte";
import { t } from "../texts/texts.svelte";

/** Why it was not stored, or could not be looked into; null where all is well. */
export function trouble({ status, error_code: code }: StoredFile): string | null {
  if (code === null) return status === "error" ? t.problems.files.processing_failed : null;
  const sentences: Record<string, string> = t.problems.files;
  return sentences[code] ?? t.problems.files.processing_failed;
}

/** Has it processed again; the row tells how that goes. */
export async function retry(fileId: string): Promise<void> {
  try {
    await files.retry(fileId);
  } catch (error) {
    toasts.show(told(error));
  }
}
