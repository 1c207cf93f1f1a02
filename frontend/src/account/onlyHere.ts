/** What is in this browser and nowhere else: signing out deletes it. */

import { local } from "../lib/local";
import { keptRows } from "../lib/unsentRows";

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
  const messages = keptRows(userId).length;
  try {
    const database = await local();
    const [uploads, recordings] = await Promise.all([
      database.getAllFromIndex("uploads", "userId", userId),
      database.countFromIndex("recordings", "userId", userId),
    ]);
    return { messages, uploads: uploads.filter(({ fileId }) => fileId === null).length, recordings, drafts };
  } catch {
    return { messages, uploads: 0, recordings: 0, drafts }; // a browser without a database has kept nothing
  }
}

function countDrafts(userId: string): number {
  const prefix = `strongroom.draft.${userId}.`;
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).length;
}
