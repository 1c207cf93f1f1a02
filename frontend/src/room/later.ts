/** The uploads of an earlier visit go on once the first view is there. */

import { Loaded } from "../lib/loaded.svelte";

export const tray = new Loaded(async () => (await import("../uploads/Tray.svelte")).default);
