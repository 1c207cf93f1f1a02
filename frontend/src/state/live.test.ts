// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Lifetime } from "./session.svelte";

const MINUTE_MS = 60_000;

const server = vi.hoisted(() => ({ answering: true, ended: 0, gone: 0 }));
const joined = vi.hoisted(() => [] as Lifetime[]);

vi.mock("../api/client", () => ({
  addresses: { stream: (after: number | null) => `/stream${after === null ? "" : `?after=${after}`}` },
  answering: () => server.answering,
  sessionEnded: () => (server.ended += 1),
}));
vi.mock("./session.svelte", () => ({
  session: { join: (lifetime: Lifetime) => joined.push(lifetime), gone: async () => void (server.gone += 1) },
}));

/** A stream that the test speaks through. */
class FakeSource {
  static all: FakeSource[] = [];
  onopen = (): void => {};
  onerror = (): void => {};
  closed = false;
  #listeners = new Map<string, (event: { data: string; lastEventId: string }) => void>();

  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }

  addEventListener(type: string, listener: (event: { data: string; lastEventId: string }) => void): void {
    this.#listeners.set(type, listener);
  }

  say(type: string, data: object = {}, lastEventId = ""): void {
    if (!this.closed) this.#listeners.get(type)?.({ data: JSON.stringify(data), lastEventId });
  }

  close(): void {
    this.closed = true;
  }
}

/** One browser's channel: told at once to all who listen, except who speaks. */
class FakeChannel {
  static all: FakeChannel[] = [];
  onmessage = (_: { data: unknown }): void => {};

  constructor() {
    FakeChannel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) if (other !== this) other.onmessage({ data: structuredClone(data) });
  }
}

const held = new Map<string, Promise<void>>();
const locks = {
  async request(name: string, { signal }: { signal: AbortSignal }, work: () => Promise<void>) {
    const before = held.get(name) ?? Promise.resolve();
    const turn = before.then(() => (signal.aborted ? undefined : work()));
    held.set(name, turn);
    await turn;
  },
};

/** A page of the browser, with somebody signed in. */
async function tab(id = "ada") {
  vi.resetModules();
  const { live } = await import("./live.svelte");
  const lifetime = joined.at(-1);
  if (lifetime === undefined) throw new Error("it has not joined the session");
  const refreshed = vi.fn<() => void | Promise<void>>();
  const heard: number[] = [];
  live.onRefresh(refreshed);
  live.onEvent(({ data }) => heard.push(data.position));
  lifetime.enter({ id } as Parameters<Lifetime["enter"]>[0]);
  await pass(0);
  return { live, refreshed, heard, lifetime };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const source = (): FakeSource => FakeSource.all.at(-1) as FakeSource;
const event = (position: number) => source().say("ChatStarted", { position, chat_id: "c" });

function hide(hidden: boolean): void {
  Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("navigator", { locks });
  Object.assign(server, { answering: true, ended: 0, gone: 0 });
  FakeSource.all = [];
});
afterEach(async () => {
  for (const lifetime of joined.splice(0)) lifetime.leave(false);
  FakeChannel.all = [];
  held.clear();
  hide(false);
  await pass(MINUTE_MS);
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("one tab listens and tells the others, each event once", async () => {
  const one = await tab();
  const other = await tab();
  expect(FakeSource.all).toHaveLength(1);
  source().say("ready", {}, "7");
  event(8);
  event(8);
  expect([one.heard, other.heard]).toEqual([[8], [8]]);
  expect([one.live.standing, other.live.standing]).toEqual(["live", "live"]);
  expect(other.refreshed).toHaveBeenCalledTimes(1);
});

test("what another person's tab hears is not for this one", async () => {
  const one = await tab();
  const stranger = await tab("bob");
  const [ours] = FakeSource.all;
  ours?.say("ready", {}, "7");
  ours?.say("ChatStarted", { position: 8 });
  expect(one.heard).toEqual([8]);
  expect(stranger.heard).toEqual([]);
  expect(stranger.live.standing).toBe("connecting");
});

test("an erased account is gone, and not only ended", async () => {
  await tab();
  source().say("end", { reason: "erased" });
  expect(server).toMatchObject({ gone: 1, ended: 0 });
});

test("a closed session has ended", async () => {
  await tab();
  source().say("end", { reason: "closed" });
  expect(server).toMatchObject({ gone: 0, ended: 1 });
});

test("a server that stops is come back to", async () => {
  const { live } = await tab();
  source().say("ready", {}, "7");
  source().say("end", { reason: "shutdown" });
  expect(live.standing).toBe("polling");
  await pass(1_000);
  expect(FakeSource.all.map(({ url }) => url)).toEqual(["/stream", "/stream?after=7"]);
});

test("a connection that has died without a word is made anew", async () => {
  const { live } = await tab();
  source().say("ready", {}, "7");
  for (let beat = 0; beat < 4; beat += 1) {
    await pass(15_000);
    source().say("heartbeat");
  }
  expect(FakeSource.all).toHaveLength(1);
  await pass(40_000);
  expect(live.standing).toBe("polling");
  expect(FakeSource.all[0]?.closed).toBe(true);
  await pass(1_000);
  expect(FakeSource.all).toHaveLength(2);
});

test("a tab that the listening one has forgotten asks for itself until there is news", async () => {
  await tab();
  source().say("ready", {}, "7");
  const { live, refreshed } = await tab();
  const [leading] = FakeChannel.all;
  expect(live.standing).toBe("live");
  vi.spyOn(leading as FakeChannel, "postMessage").mockImplementation(() => {}); // nothing of it gets through
  for (let beat = 0; beat < 4; beat += 1) {
    await pass(15_000);
    source().say("heartbeat");
  }
  expect(live.standing).toBe("polling");
  expect(refreshed).toHaveBeenCalledTimes(1);
  vi.restoreAllMocks();
  source().say("heartbeat");
  expect(live.standing).toBe("live");
  expect(refreshed).toHaveBeenCalledTimes(2);
});

test("heartbeats reach the other tabs", async () => {
  await tab();
  source().say("ready", {}, "7");
  const { live } = await tab();
  for (let beat = 0; beat < 6; beat += 1) {
    await pass(15_000);
    source().say("heartbeat");
  }
  expect(live.standing).toBe("live");
});

test("a page that was hidden for long asks anew", async () => {
  const { refreshed } = await tab();
  source().say("ready", {}, "7");
  hide(true);
  await pass(30_000);
  source().say("heartbeat");
  hide(false);
  expect(refreshed).toHaveBeenCalledTimes(1);
  hide(true);
  await pass(30_000);
  source().say("heartbeat");
  await pass(31_000);
  hide(false);
  expect(refreshed).toHaveBeenCalledTimes(2);
});

test("what is asked regularly never overlaps, and not while nobody looks", async () => {
  const { refreshed } = await tab();
  let answer = (): void => {};
  refreshed.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  vi.spyOn(FakeSource.prototype, "addEventListener").mockImplementation(() => {}); // no stream is ever had
  source().onerror();
  await pass(5_000);
  expect(refreshed).toHaveBeenCalledTimes(1);
  await pass(MINUTE_MS);
  expect(refreshed).toHaveBeenCalledTimes(1);
  answer();
  await pass(5_000);
  expect(refreshed).toHaveBeenCalledTimes(2);
  answer();
  hide(true);
  await pass(MINUTE_MS);
  expect(refreshed).toHaveBeenCalledTimes(2);
});

test("a server that does not answer is asked less and less often", async () => {
  const { refreshed } = await tab();
  server.answering = false;
  source().onerror();
  await pass(5_000 + 10_000 + 20_000 + 30_000 + 30_000);
  expect(refreshed).toHaveBeenCalledTimes(5);
});

test("a listener that throws takes nothing from the others", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const { live } = await tab();
  const heard: number[] = [];
  const refreshed = vi.fn();
  live.onEvent(() => {
    throw new Error("a fault");
  });
  live.onEvent(({ data }) => heard.push(data.position));
  live.onRefresh(() => {
    throw new Error("a fault");
  });
  live.onRefresh(refreshed);
  source().say("ready", {}, "7");
  event(8);
  await pass(0);
  expect(heard).toEqual([8]);
  expect(refreshed).toHaveBeenCalledTimes(1);
  expect(log).toHaveBeenCalledTimes(2);
});

test("a position that the server refuses for good is given up, in all tabs", async () => {
  const one = await tab();
  const other = await tab();
  source().say("ready", {}, "70");
  event(71);
  for (let failure = 0; failure < 3; failure += 1) {
    source().onerror();
    await pass(3_000);
  }
  expect(FakeSource.all.map(({ url }) => url)).toEqual([
    "/stream", "/stream?after=71", "/stream?after=71", "/stream",
  ]);
  one.refreshed.mockClear();
  source().say("ready", {}, "9");
  expect(one.refreshed).toHaveBeenCalled();
  event(10);
  expect([one.heard, other.heard]).toEqual([[71, 10], [71, 10]]);
});
