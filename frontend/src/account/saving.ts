/** Where an export can be written while it comes: a file that the person chose (WICG File System Access; Chromium). */

interface Saving {
  showSaveFilePicker?: (options: {
    suggestedName: string;
    types: { accept: Record<string, string[]> }[];
  }) => Promise<FileSystemFileHandle>;
}

export function canStream(): boolean {
  return "showSaveFilePicker" in window;
}

/** Has to be asked for in the press itself. null: the person chose none, or the browser does not let them. */
export async function chooseFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  try {
    const options = { suggestedName, types: [{ accept: { "application/zip": [".zip"] } }] };
    return (await (window as Saving).showSaveFilePicker?.(options)) ?? null;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
