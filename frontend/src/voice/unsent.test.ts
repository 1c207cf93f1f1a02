import "fake-indexeddb/auto";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { User } from "../api/types";
import { dropLocal, local, type RecordingRow } from "../lib/local";
import type { Lifetime } from "../state/session.svelte";
import { toasts } from "../state/toasts.svelte";
import { texts } from "../texts/texts.svelte";
import { withMicrophone } from "./fakes";
import { UNDO_MS, Unsent } from "./unsent.svelte";

const ADA = { id: "ada" } as User;
const joined = vi.hoisted((): Lifetime[] => []);
vi.mock("../state/session.svelte", () => ({ session: { join: (lifetime: Lifetime) => joined.push(lifetime) } }));

/** What a page of this browser knows, just loaded, with Ada signed in. */
async function page() {
  const unsent = new Unsent();
  const lifetime = joined.at(-1);
  if (lifetime === undefined) throw new Error("it has not joined the session");
  lifetime.enter(ADA);
  await unsent.look();
  return { unsent, lifetime };
}

function row(id: string, chatId = "chat"): RecordingRow {
  const type = "audio/webm;codecs=opus";
  return { id, userId: "ada", chatId, type, startedAt: "2026-11-23T14:03:00Z", durationS: 0, finished: false };
}

beforeAll(() => texts.rest());
beforeEach(() => void withMicrophone());

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await dropLocal();
});

/** Two slices recorded, and then the page is gone: its locks too. */
async function crashed(id: string, chatId = "chat"): Promise<void> {
  const { unsent } = await page();
  const keeping = unsent.begin(row(id, chatId));
  keeping.add(new Blob(["one "]), 1);
  keeping.add(new Blob(["two"]), 2);
  await keeping.settled();
  withMicrophone();
}

test("what a crash left behind is found by the next page, whole and in order", async () => {
  await crashed("r1");
  await crashed("r2", "another chat");
  const { unsent } = await page();
  expect(unsent.of("chat").map(({ id, durationS }) => [id, durationS])).toEqual([["r1", 2]]);
  const recorded = await unsent.read("r1");
  expect(await recorded?.bytes.text()).toBe("one two");
  expect(recorded?.bytes.type).toBe("audio/webm;codecs=opus");
});

test("what is in somebody's hands is not unsent, here or in another tab", async () => {
  const here = await page();
  const keeping = here.unsent.begin(row("r1"));
  keeping.add(new Blob(["one"]), 1);
  await keeping.settled();
  await here.unsent.look();
  expect(here.unsent.of("chat")).toEqual([]);
  const there = await page();
  expect(there.unsent.of("chat")).toEqual([]);
  here.unsent.putDown("r1");
  expect(here.unsent.of("chat")).toHaveLength(1);
  await vi.waitFor(async () => {
    await there.unsent.look();
    expect(there.unsent.of("chat")).toHaveLength(1);
  });
});

test("without a store, what this page holds is found all the same", async () => {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("", "SecurityError");
  });
  const { unsent } = await page();
  unsent.begin(row("r1")).add(new Blob(["one"]), 1);
  unsent.putDown("r1");
  await unsent.look();
  expect(unsent.of("chat")).toHaveLength(1);
  expect(await (await unsent.read("r1"))?.bytes.text()).toBe("one");
});

test("handed over, it is gone for good", async () => {
  await crashed("r1");
  const { unsent } = await page();
  unsent.pickUp("r1");
  await unsent.discard("r1");
  expect(unsent.of("chat")).toEqual([]);
  expect(await unsent.read("r1")).toBeNull();
  expect(await (await local()).count("slices")).toBe(0);
  expect((await page()).unsent.of("chat")).toEqual([]);
});

test("discarded, it can be taken back for a while", async () => {
  await crashed("r1");
  const { unsent } = await page();
  unsent.pickUp("r1");
  unsent.discardUnlessUndone("r1");
  expect(unsent.of("chat")).toEqual([]);
  toasts.all.at(-1)?.action?.run();
  expect(unsent.of("chat")).toHaveLength(1);
  expect(unsent.broughtBack).toBe("r1");
});

test("discarded and not taken back, it goes", async () => {
  await crashed("r1");
  const { unsent } = await page();
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  unsent.pickUp("r1");
  unsent.discardUnlessUndone("r1");
  vi.advanceTimersByTime(UNDO_MS);
  vi.useRealTimers();
  await vi.waitFor(async () => expect(await (await local()).count("recordings")).toBe(0));
  expect(unsent.of("chat")).toEqual([]);
});

test("a session that ended by itself leaves it for the same person", async () => {
  await crashed("r1");
  const { unsent, lifetime } = await page();
  lifetime.leave(false);
  expect(unsent.of("chat")).toEqual([]);
  lifetime.enter(ADA);
  await vi.waitFor(() => expect(unsent.of("chat")).toHaveLength(1));
});

test("after signing out nothing more is written, whatever the microphone still gives", async () => {
  const { unsent, lifetime } = await page();
  const keeping = unsent.begin(row("r1"));
  await keeping.settled();
  lifetime.leave(true);
  await (await local()).clear("recordings");
  keeping.add(new Blob(["too late"]), 1);
  keeping.finish(1);
  await keeping.settled();
  expect(await (await local()).count("recordings")).toBe(0);
  expect(await (await local()).count("slices")).toBe(0);
});

test("another person's is not found, nor read by its id", async () => {
  await crashed("r1");
  const { unsent, lifetime } = await page();
  lifetime.leave(false);
  lifetime.enter({ id: "bob" } as User);
  await unsent.look();
  expect(unsent.of("chat")).toEqual([]);
  expect(await unsent.read("r1")).toBeNull();
});

test("it goes along when a new chat gets its id", async () => {
  await crashed("r1", "new");
  const { unsent } = await page();
  unsent.moveChat("new", "chat");
  expect(unsent.of("chat")).toHaveLength(1);
  await (await unsent.read("r1"))?.bytes.text();
  expect((await page()).unsent.of("chat")).toHaveLength(1);
});
