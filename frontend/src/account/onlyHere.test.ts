import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dropLocal, local, type UploadRow } from "../lib/local";
import { nothing, onlyHere } from "./onlyHere";

const ME = "me";
const kept: Record<string, string> & { getItem?: unknown } = {};
Object.defineProperty(kept, "getItem", { value: (key: string) => kept[key] ?? null });

function upload(id: string, fileId: string | null, userId = ME): UploadRow {
  return {
    id, userId, fileId, chatId: null, kind: "file", name: "a", type: "", sizeBytes: 1, lastModifiedMs: 0, tusUrl: null,
    paused: false, addedAt: "",
  };
}

beforeEach(() => vi.stubGlobal("localStorage", kept));
afterEach(async () => {
  for (const key of Object.keys(kept)) delete kept[key];
  vi.unstubAllGlobals();
  await dropLocal();
});

test("nothing is only here in a browser that has kept nothing", async () => {
  expect(nothing(await onlyHere(ME))).toBe(true);
});

test("what the server has not acknowledged is counted by its kind, and nobody else's is", async () => {
  const database = await local();
  await database.put("uploads", upload("1", null));
  await database.put("uploads", upload("2", "acknowledged"));
  await database.put("uploads", upload("3", null, "other"));
  await database.put("recordings", {
    id: "1", userId: ME, chatId: "c", type: "audio/mp4", startedAt: "", durationS: 1, finished: true,
  });
  kept["strongroom.outbox.me.1"] = "{}";
  kept["strongroom.outbox.other.2"] = "{}";
  kept["strongroom.draft.me.new"] = "{}";
  kept["strongroom.draft.other.new"] = "{}";
  expect(await onlyHere(ME)).toEqual({ messages: 1, uploads: 1, recordings: 1, drafts: 1 });
});
