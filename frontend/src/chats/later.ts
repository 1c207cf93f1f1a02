/** What the messages of a chat need only when there is something of its kind in them. */

import { Loaded } from "../lib/loaded.svelte";

export const attachment = new Loaded(async () => (await import("../files/Attachment.svelte")).default);
export const markdown = new Loaded(async () => (await import("./markdown/Markdown.svelte")).default);
export const reading = new Loaded(async () => (await import("./reading.svelte")).reading);
export const uploadChip = new Loaded(async () => (await import("../uploads/UploadChip.svelte")).default);
