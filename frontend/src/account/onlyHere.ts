/** What is in this browser and nowhere else: signing out deletes it. */

import { local } from "../lib/local";

export interface OnlyHere {
  messages: number;
  uploads: number;
  recordings: number;
  drafts: number;
}

export function nothing({ messages, uploads, recordings, drafts }: OnlyHere): boolean {
  return messages + uploads + recordings + drafts === 0;
}

export async function onlyHere(userId: string): Promise<OnlyHere> {
  const drafts = countDrafts(userId);
  try {
    const database = await local();
    const [messages, uploads, recordings] = await Promise.all([
      database.countFromIndex("outbox", "userId", userId),
      database.getAllFromIndex("uploads", "userId", userId),
      database.countFromIndex("recordings", "userId", userId),
    ]);
    return { messages, uploads: uploads.filter(({ fileId }) => fileId === null).length, recordings, drafts };
  } catch {
    return { messages: 0, uploads: 0, recordings: 0, drafts }; // a browser without a database has kept nothing
  }
}

function countDrafts(userId: string): number {
  const prefix = `strongroom.draft.${userId}.`;
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).length;
}
