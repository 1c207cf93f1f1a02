/** What happens between writing something and its being a message on its way. */

import { newId } from "../lib/ids";
import { router } from "../lib/router.svelte";
import { chats } from "../state/chats.svelte";
import { drafts } from "../state/drafts.svelte";
import { recordings, uploading } from "../state/later";
import { outbox } from "../state/outbox.svelte";
import { looksLikeMarkdown } from "./markdown/syntax";

export const MAX_CONTENT_KIB = 256;
const TITLE_CHARS = 60;

export function tooLong(text: string): boolean {
  const most = MAX_CONTENT_KIB * 1024;
  return text.length > most || (3 * text.length > most && new TextEncoder().encode(text).length > most);
}

/** Sends the draft of a chat, or the first of a new one. */
export function sendDraft(chatId: string): void {
  const { text, uploadIds } = drafts.of(chatId);
  if (text.trim() === "" && uploadIds.length === 0) return;
  sendTo(chatId, text.trim(), uploadIds);
  drafts.clear(chatId); // in the same breath: what is typed next is another message
}

/** Sends something beside the draft: a voice note. */
function sendTo(chatId: string, content: string, uploadIds: string[]): void {
  const isNew = chatId === "new";
  const target = isNew ? newId() : chatId;
  const contentType = looksLikeMarkdown(content) ? "text/markdown" : "text/plain";
  const newChat = isNew || outbox.isNew(chatId);
  outbox.send({ chatId: target, newChat, content, contentType, fileIds: [], uploadIds });
  if (isNew) router.replace({ view: "chat", chatId: target, at: null });
}

let starting: Promise<string> | null = null; // a chat that files of a new one wait for

/** The chat that files for this one belong to: a new one is started now, since a file needs its chat. `begun` is told
 * before one is taken there. */
async function chatForFiles(chatId: string, title: string, begun: (chatId: string) => void = () => {}): Promise<string> {
  if (outbox.isNew(chatId)) return outbox.begun(chatId);
  if (chatId !== "new") return chatId;
  if (starting !== null) return starting;
  starting = chats.start(title.slice(0, TITLE_CHARS));
  try {
    const started = await starting;
    drafts.move(chatId, started);
    begun(started);
    const { route } = router; // somebody may have gone elsewhere meanwhile
    const here = route.view === "chat" && (route.chatId === null || route.chatId === chatId);
    if (here) router.replace({ view: "chat", chatId: started, at: null });
    return started;
  } finally {
    starting = null;
  }
}

/** Files that will go with the draft; they begin to arrive at once. */
export async function attach(chatId: string, chosen: readonly File[]): Promise<void> {
  const [first] = chosen;
  if (first === undefined) return;
  const uploads = await uploading.ready();
  const target = await chatForFiles(chatId, first.name);
  const ids = uploads.add(chosen, { chatId: target });
  const draft = drafts.of(target);
  drafts.write(target, { ...draft, uploadIds: [...draft.uploadIds, ...ids] });
}

export function detach(chatId: string, uploadId: string): void {
  const draft = drafts.of(chatId);
  drafts.write(chatId, { ...draft, uploadIds: draft.uploadIds.filter((id) => id !== uploadId) });
  cancelUpload(uploadId);
}

/** The message goes without it. */
export function cancelUpload(uploadId: string): void {
  uploading.ready().then(
    (uploads) => uploads.cancel(uploadId),
    () => {}, // what was never fetched has nothing under way
  );
}

/** Sends a recording as a message of its own. Resolves when it is let go of: the upload holds its bytes, or has arrived.
 * `begun` is told the chat that was started for it, if one was. */
export async function sendVoiceNote(
  chatId: string,
  note: { file: File; recordingId: string },
  title: string,
  begun: (chatId: string) => void,
): Promise<void> {
  const [uploads, { handedOver, unsent }] = await Promise.all([uploading.ready(), recordings.ready()]);
  const target = await chatForFiles(chatId, title, (started) => {
    unsent.moveChat(chatId, started);
    begun(started);
  });
  const [id] = uploads.add([note.file], { chatId: target, kind: "audio" });
  if (id === undefined) return;
  sendTo(target, "", [id]);
  await uploads.held(id);
  await handedOver(note.recordingId);
}
