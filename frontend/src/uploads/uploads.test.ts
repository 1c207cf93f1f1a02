import "fake-indexeddb/auto";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { dropLocal, forgetLocally, local } from "../lib/local";
import { texts } from "../texts/texts.svelte";
import { FakeFiles, FakeLocks, FakeServer, FakeSession, until } from "./testing";
import { Uploads } from "./uploads.svelte";

const ANNA = "anna";

class Tab {
  session = new FakeSession();
  uploads: Uploads;

  constructor() {
    this.uploads = new Uploads({ session: this.session, files, transport: server, locks });
    tabs.push(this);
  }

  enter(userId = ANNA): this {
    this.session.enter(userId);
    return this;
  }
}

let server: FakeServer;
let files: FakeFiles;
let locks: FakeLocks;
let tabs: Tab[] = [];

beforeAll(() => texts.rest());

beforeEach(() => {
  vi.stubGlobal("navigator", { storage: { estimate: async () => ({ quota: 1e9, usage: 0 }) } });
  server = new FakeServer();
  files = new FakeFiles();
  locks = new FakeLocks();
});

afterEach(async () => {
  for (const tab of tabs) tab.uploads.close();
  tabs = [];
  await dropLocal();
  vi.unstubAllGlobals();
});

function file(name: string, text = "some bytes"): File {
  return new File([text], name, { type: "text/plain", lastModified: 7 });
}

function add(tab: Tab, ...names: string[]): string[] {
  return tab.uploads.add(names.map((name) => file(name)), { chatId: null });
}

async function rows() {
  return (await local()).getAll("uploads");
}

/** Until this browser has kept the bytes of so many uploads. */
async function kept(count: number): Promise<void> {
  let found = -1;
  await until(() => {
    void local().then(async (database) => (found = await database.count("bytes")));
    return found === count;
  }, `${count} kept`);
}

/** What a database holds after everything that is under way in it. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

test("a file arrives, is sealed, and is kept", async () => {
  const tab = new Tab().enter();
  const [id = ""] = tab.uploads.add([file("a.txt")], { chatId: "c1", kind: "file" });
  const upload = tab.uploads.get(id);
  expect(upload?.stage).toBe("waiting");

  const asked = await server.of("a.txt");
  expect(asked.order).toMatchObject({ url: null, key: id, metadata: { filename: "a.txt", filetype: "text/plain", kind: "file", chat_id: "c1" } });
  asked.begun("/u/1").at(4);
  expect([upload?.stage, upload?.sentBytes]).toEqual(["transferring", 4]);

  asked.done("f1");
  expect(await tab.uploads.arrived(id)).toBe("f1");
  expect(upload?.stage).toBe("processing");
  files.put("f1", { status: "ready" });
  expect(upload?.stage).toBe("kept");
});

test("three go at a time, over all tabs, in the order in which they were added", async () => {
  const [one, other] = [new Tab().enter(), new Tab().enter()];
  add(one, "1", "2");
  await server.of("2");
  add(other, "3", "4");
  await server.of("3");
  await settled();
  expect(server.open.map(({ order }) => order.metadata.filename)).toEqual(["1", "2", "3"]);

  (await server.of("1")).done("f1");
  await server.of("4");
  expect(server.open).toHaveLength(3);
});

test("without locks each tab has three of its own", async () => {
  const session = new FakeSession();
  const uploads = new Uploads({ session, files, transport: server, locks: null });
  session.enter(ANNA);
  uploads.add(["1", "2", "3", "4"].map((name) => file(name)), { chatId: null });
  await settled();
  expect(server.open).toHaveLength(3);
  server.open[0]?.done("f1");
  await server.of("4");
  uploads.close();
});

test("equal names are different files", async () => {
  const tab = new Tab().enter();
  const [one = "", other = ""] = add(tab, "same.txt", "same.txt");
  (await server.of("same.txt", 1)).done("f1");
  (await server.of("same.txt", 2)).done("f2");
  expect(one).not.toBe(other);
  expect(await Promise.all([tab.uploads.arrived(one), tab.uploads.arrived(other)])).toEqual(["f1", "f2"]);
});

test("an empty file is a file", async () => {
  const tab = new Tab().enter();
  const [id = ""] = tab.uploads.add([file("empty", "")], { chatId: null });
  (await server.of("empty")).begun("/u/0").done("f0");
  expect(await tab.uploads.arrived(id)).toBe("f0");
});

test("a lost connection is waited for, and gone on from where the server stands", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt");
  (await server.of("a.txt")).begun("/u/1").at(4).fail(0, "unreachable");
  await until(() => tab.uploads.get(id)?.waitsFor === "connection", "it waits for the connection");
  expect(tab.uploads.get(id)?.stage).toBe("waiting");

  tab.uploads.wake();
  const again = await server.of("a.txt", 2);
  expect(again.order.url).toBe("/u/1");
  again.done("f1");
  expect(await tab.uploads.arrived(id)).toBe("f1");
});

test("what is locked for a moment gives its turn to others meanwhile", async () => {
  const tab = new Tab().enter();
  add(tab, "1", "2", "3", "4");
  (await server.of("1")).fail(423, "upload_locked");
  await server.of("4");
  expect(tab.uploads.all[0]?.waitsFor).toBe("server");
});

test("while nobody can be reached the others keep waiting", async () => {
  const tab = new Tab().enter();
  add(tab, "1", "2", "3", "4");
  (await server.of("1")).fail(0, "unreachable");
  await settled();
  expect(server.asked.map(({ order }) => order.metadata.filename)).toEqual(["1", "2", "3"]);
});

test("what the server has forgotten begins anew", async () => {
  const tab = new Tab().enter();
  const [id] = add(tab, "a.txt");
  (await server.of("a.txt")).begun("/u/1").fail(0, "unreachable");
  await until(() => tab.uploads.all[0]?.waitsFor === "connection", "it waits");
  tab.uploads.wake();
  (await server.of("a.txt", 2)).fail(404, "not_found");
  const anew = await server.of("a.txt", 3);
  expect(anew.order.url).toBeNull();
  expect(anew.order.key).not.toBe(id);
});

test.each([
  [413, "file_too_large"],
  [413, "quota_exceeded"],
  [507, "storage_full"],
  [404, "not_found"],
  [422, "validation_failed"],
])("%i %s fails with a sentence, and can be retried", async (status, code) => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt");
  (await server.of("a.txt")).fail(status, code);
  await until(() => tab.uploads.get(id)?.stage === "failed", "it has failed");
  expect(tab.uploads.get(id)?.problem).toMatch(/^[A-Z].*\.$/);
  expect(tab.uploads.get(id)?.problem).not.toContain(code);

  tab.uploads.retryAll();
  (await server.of("a.txt", 2)).done("f1");
  expect(await tab.uploads.arrived(id)).toBe("f1");
});

test("a file that could not be sealed is retried on the server", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt");
  (await server.of("a.txt")).done("f1");
  await tab.uploads.arrived(id);
  files.put("f1", { status: "error", error_code: "spool_broken" });
  expect(tab.uploads.get(id)?.stage).toBe("failed");
  expect(tab.uploads.get(id)?.problem).toContain("damaged");
  tab.uploads.retry(id);
  await until(() => files.retried.length === 1, "it was retried");
  expect(server.asked).toHaveLength(1);
});

test("paused, it stands still and leaves its turn; resumed, it goes on", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt", "b", "c", "d");
  const asked = (await server.of("a.txt")).begun("/u/1").at(4);
  tab.uploads.pause(id);
  expect(asked.open).toBe(false);
  expect(tab.uploads.get(id)?.stage).toBe("paused");
  (await server.of("d")).done("f");
  tab.uploads.resume(id);
  expect((await server.of("a.txt", 2)).order.url).toBe("/u/1");
});

test("cancelled, nothing of it stays, here or there", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt");
  const asked = (await server.of("a.txt")).begun("/u/1");
  await kept(1);
  const arrival = expect(tab.uploads.arrived(id)).rejects.toMatchObject({ code: "cancelled" });
  tab.uploads.cancel(id);
  await arrival;
  expect(asked.open).toBe(false);
  expect(tab.uploads.all).toEqual([]);
  await kept(0);
  expect(await rows()).toEqual([]);
  expect(server.ended).toEqual(["/u/1"]);
});

test("after a reload it goes on with the bytes that were kept", async () => {
  const before = new Tab().enter();
  const [id = ""] = add(before, "a.txt");
  (await server.of("a.txt")).begun("/u/1").at(4);
  await before.uploads.held(id);
  before.uploads.close();

  const after = new Tab().enter();
  const arrival = after.uploads.arrived(id);
  const again = await server.of("a.txt", 2);
  expect(again.order.url).toBe("/u/1");
  expect(await again.order.bytes.text()).toBe("some bytes");
  again.done("f1");
  expect(await arrival).toBe("f1");
  await kept(0);
});

test("after a reload a paused one stays paused", async () => {
  const before = new Tab().enter();
  const [id = ""] = add(before, "a.txt");
  (await server.of("a.txt")).begun("/u/1");
  await before.uploads.held(id);
  before.uploads.pause(id);
  await settled();
  before.uploads.close();

  const after = new Tab().enter();
  await until(() => after.uploads.get(id)?.stage === "paused", "it is paused");
  after.uploads.resume(id);
  expect((await server.of("a.txt", 2)).order.url).toBe("/u/1");
});

test("what was too large to be kept asks for its file after a reload, and takes no other", async () => {
  vi.stubGlobal("navigator", { storage: { estimate: async () => ({ quota: 10, usage: 0 }) } });
  const before = new Tab().enter();
  const [id = ""] = add(before, "a.txt");
  (await server.of("a.txt")).begun("/u/1");
  await settled();
  expect(before.uploads.unkept).toBe(true);
  before.uploads.close();

  server.looks["/u/1"] = { offsetBytes: 4, fileId: null };
  const after = new Tab().enter();
  await until(() => after.uploads.get(id)?.sentBytes === 4, "it tells how far it had come");
  expect(after.uploads.get(id)?.stage).toBe("missing");
  expect(after.uploads.rechoose(id, file("a.txt", "other"))).toBe(false);
  expect(after.uploads.rechoose(id, file("a.txt"))).toBe(true);
  (await server.of("a.txt", 2)).done("f1");
  expect(await after.uploads.arrived(id)).toBe("f1");
});

test("an answer that was cut off by a reload is found again without the bytes", async () => {
  vi.stubGlobal("navigator", {});
  const before = new Tab().enter();
  const [id = ""] = add(before, "a.txt");
  (await server.of("a.txt")).begun("/u/1");
  await settled();
  before.uploads.close();
  server.looks["/u/1"] = { offsetBytes: 10, fileId: "f1" };
  expect(await new Tab().enter().uploads.arrived(id)).toBe("f1");
});

test("a message that outlives the page still learns which file it names", async () => {
  const before = new Tab().enter();
  const [id = ""] = add(before, "private.txt");
  (await server.of("private.txt")).done("f1");
  await before.uploads.arrived(id);
  await settled();
  before.uploads.close();
  expect(JSON.stringify(await rows())).not.toContain("private");

  const after = new Tab().enter();
  expect(await after.uploads.arrived(id)).toBe("f1");
  expect(after.uploads.all).toEqual([]);
});

test("an id that nobody knows is cancelled, once it is known what this browser had kept", async () => {
  const tab = new Tab();
  const arrival = expect(tab.uploads.arrived("nothing")).rejects.toBeInstanceOf(Problem);
  tab.enter();
  await arrival;
});

test("another tab shows it, may stop it, and takes it over when its tab is gone", async () => {
  const [one, other] = [new Tab().enter(), new Tab().enter()];
  const [id = ""] = add(one, "a.txt");
  const asked = (await server.of("a.txt")).begun("/u/1").at(4);
  await one.uploads.held(id);
  await until(() => other.uploads.get(id)?.stage === "transferring", "the other tab shows it");
  other.uploads.pause(id);
  await until(() => !asked.open, "it was stopped");
  other.uploads.resume(id);
  await server.of("a.txt", 2);

  one.uploads.close();
  const third = await server.of("a.txt", 3);
  expect(server.open).toEqual([third]);
  third.done("f1");
  expect(await other.uploads.arrived(id)).toBe("f1");
});

test("a tab that comes later is told", async () => {
  const one = new Tab().enter();
  const [id = ""] = add(one, "a.txt");
  (await server.of("a.txt")).begun("/u/1").at(4);
  const other = new Tab().enter();
  await until(() => other.uploads.get(id)?.stage === "transferring", "it is shown");
  (await server.of("a.txt")).done("f1");
  expect(await other.uploads.arrived(id)).toBe("f1");
  one.uploads.cancel(id);
  await until(() => other.uploads.all.length === 0, "it is off both lists");
});

test("a session that ends by itself stops everything, and the same person goes on", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt");
  const asked = (await server.of("a.txt")).begun("/u/1").at(4);
  tab.session.leave(false);
  expect(asked.open).toBe(false);
  expect(tab.uploads.get(id)?.stage).toBe("paused");
  tab.enter();
  expect((await server.of("a.txt", 2)).order.url).toBe("/u/1");
});

test("signing out takes everything off the browser and comes back for nobody", async () => {
  const tab = new Tab().enter();
  const [id = ""] = add(tab, "a.txt", "b.txt", "c.txt", "d.txt");
  (await server.of("a.txt")).begun("/u/1");
  const arrival = expect(tab.uploads.arrived(id)).rejects.toMatchObject({ code: "cancelled" });
  tab.session.leave(true);
  await forgetLocally(ANNA);
  await arrival;
  await settled();
  expect(await rows()).toEqual([]);
  expect(await (await local()).count("bytes")).toBe(0);
  tab.enter("bert");
  await settled();
  expect([tab.uploads.all, server.open]).toEqual([[], []]);
});

test("a deleted file leaves the list, a cleared one too", async () => {
  const tab = new Tab().enter();
  const ids = add(tab, "a", "b");
  (await server.of("a")).done("f1");
  (await server.of("b")).done("f2");
  await Promise.all(ids.map((id) => tab.uploads.arrived(id)));
  files.put("f1", { status: "ready" });
  files.rows.set("f2", null);
  expect(tab.uploads.all.map(({ name }) => name)).toEqual(["a"]);
  tab.uploads.clearKept();
  expect(tab.uploads.all).toEqual([]);
  expect(await tab.uploads.arrived(ids[0] ?? "")).toBe("f1"); // a message may still wait for it
});

test("leaving is asked about until the upload and its bytes are both kept", async () => {
  let grant = () => {};
  const granted = new Promise<void>((resolve) => (grant = resolve));
  const { request } = locks;
  locks.request = ((...asked: Parameters<typeof request>) => granted.then(() => request.apply(locks, asked))) as typeof request;
  const tab = new Tab().enter();
  add(tab, "a.txt");
  await kept(1).then(settled);
  expect([await rows(), tab.uploads.unkept]).toEqual([[], true]);
  grant();
  await until(() => !tab.uploads.unkept, "kept");
  expect(await rows()).toHaveLength(1);
});
