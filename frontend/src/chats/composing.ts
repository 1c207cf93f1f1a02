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

/** Sends the draft of a chat, or the first of a new one. The draft goes only when the outbox has it. */
export async function sendDraft(chatId: string): Promise<void> {
  const { text, uploadIds } = drafts.of(chatId);
  if (text.trim() === "" && uploadIds.length === 0) return;
  await sendTo(chatId, text.trim(), uploadIds);
  drafts.clear(chatId);
}

/** Sends something beside the draft: a voice note. */
export async function sendTo(chatId: string, content: string, uploadIds: string[]): Promise<void> {
  const isNew = chatId === "new";
  const begun = outbox.newChats.some((row) => row.chatId === chatId);
  const target = isNew ? newId() : chatId;
  const contentType = looksLikeMarkdown(content) ? "text/markdown" : "text/plain";
  await outbox.send({ chatId: target, newChat: isNew || begun, content, contentType, uploadIds });
  if (isNew) router.replace({ view: "chat", chatId: target, at: null });
}

/** The chat that files for this one belong to: a new one is started now, since a file needs its chat. `begun` is told
 * before one is taken there. */
async function chatForFiles(chatId: string, title: string, begun: (chatId: string) => void = () => {}): Promise<string> {
  if (chatId !== "new" && chats.get(chatId) !== undefined) return chatId;
  const started = await chats.start(title.slice(0, TITLE_CHARS));
  drafts.write(started, drafts.of(chatId));
  drafts.clear(chatId);
  begun(started);
  router.replace({ view: "chat", chatId: started, at: null });
  return started;
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
  void uploading.ready().then((uploads) => uploads.cancel(uploadId));
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
  await sendTo(target, "", [id]);
  await uploads.held(id);
  await handedOver(note.recordingId);
}
