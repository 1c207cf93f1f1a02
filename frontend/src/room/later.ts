/** What comes once the first view is there: the uploads of an earlier visit go on, files can be dropped, keys do things. */

import { Loaded } from "../lib/loaded.svelte";

export const tray = new Loaded(async () => (await import("../uploads/Tray.svelte")).default);
export const dropZone = new Loaded(async () => (await import("../uploads/DropZone.svelte")).default);
export const shortcuts = new Loaded(async () => (await import("./Shortcuts.svelte")).default);
