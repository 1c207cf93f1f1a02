/** Engines that are not needed to show the first view. */

import { Loaded } from "../lib/loaded.svelte";

export const uploading = new Loaded(async () => (await import("./uploads.svelte")).uploads);
export const recordings = new Loaded(() => import("../voice/unsent.svelte"));
