/** The person's uploads, as the page uses them: see uploads/uploads.svelte.ts for how they work. */

import { lazily } from "../uploads/lazily";
import { Uploads } from "../uploads/uploads.svelte";
import { files } from "./files.svelte";
import { session } from "./session.svelte";

export { Upload, type Stage } from "../uploads/upload.svelte";

const tus = lazily(async () => (await import("../uploads/tus")).tus);

export const uploads = new Uploads({ session, files, transport: tus, locks: navigator.locks ?? null });

addEventListener("online", () => uploads.wake());
addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") uploads.wake(); // timers of hidden pages are late
});
addEventListener("beforeunload", (event) => {
  if (uploads.unkept) event.preventDefault(); // asks whether one wants to go
});
