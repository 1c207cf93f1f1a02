// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { User } from "../api/types";

const server = vi.hoisted(() => ({ answer: async (): Promise<unknown> => ({ user: null }), asked: 0, end: () => {} }));
const forgotten = vi.hoisted(() => [] as string[]);

vi.mock("../api/client", () => ({
  call: async (asked: Promise<unknown>) => asked,
  client: {
    GET: () => {
      server.asked += 1;
      return server.answer();
    },
  },
  whenSessionEnds: (callback: () => void) => (server.end = callback),
}));
vi.mock("../lib/local", () => ({ forgetLocally: async (userId: string) => forgotten.push(userId) }));

const channel = { sent: [] as unknown[], onmessage: (_: { data: unknown }): void => {} };
class FakeChannel {
  postMessage(data: unknown): void {
    channel.sent.push(data);
  }

  set onmessage(heard: typeof channel.onmessage) {
    channel.onmessage = heard;
  }
}

let Problem: typeof import("../api/problem").Problem; // of the newest page

/** A page, and what was told to who joined the session on it. */
async function page() {
  vi.resetModules();
  ({ Problem } = await import("../api/problem"));
  const { session } = await import("./session.svelte");
  const told: string[] = [];
  session.join({
    enter: ({ id }) => told.push(`enter ${id}`),
    leave: (gone) => told.push(gone ? "forget" : "stop"),
  });
  return { session, told };
}

async function pageOf(id: string) {
  const opened = await page();
  opened.session.entered({ id } as User);
  return opened;
}

const news = (what: "entered" | "left", userId: string) => channel.onmessage({ data: { news: what, userId } });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const answer = (id: string) => (server.answer = async () => ({ user: { id } }));
const refuse = (status: number) => (server.answer = () => Promise.reject(new Problem(status, { code: "refused" })));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  localStorage.clear();
  server.asked = 0;
  channel.sent = [];
  forgotten.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("when somebody else signs in in another tab, this one stops at once and asks who it is", async () => {
  const { session, told } = await pageOf("ada");
  let arrive = (_: unknown): void => {};
  server.answer = () => new Promise((resolve) => (arrive = resolve));
  news("entered", "bob");
  expect(session.standing).toBe("asking");
  expect(told).toEqual(["enter ada", "stop"]);
  arrive({ user: { id: "bob" } });
  await pass(0);
  expect(session).toMatchObject({ standing: "in", user: { id: "bob" } });
  expect(told).toEqual(["enter ada", "stop", "forget", "enter bob"]);
  expect(forgotten).toEqual([]); // what lies in the browser's store is for Ada to come back to
});

test("it goes on asking while the server cannot be reached, ever less often", async () => {
  const { session } = await pageOf("ada");
  refuse(0);
  news("entered", "bob");
  await pass(1_000 + 2_000 + 4_000);
  expect(server.asked).toBe(4);
  answer("bob");
  await pass(8_000);
  expect(session.user?.id).toBe("bob");
  await pass(60_000);
  expect(server.asked).toBe(5);
});

test("news from another tab count before the browser's note has come", async () => {
  const { session } = await page();
  await session.resume();
  expect(session.standing).toBe("stranger");
  localStorage.clear();
  answer("ada");
  news("entered", "ada");
  expect(session.standing).toBe("stranger"); // the form that somebody fills in stays meanwhile
  await pass(0);
  expect(session).toMatchObject({ standing: "in", user: { id: "ada" } });
});

test("an answer to an older question is none", async () => {
  const { session } = await pageOf("ada");
  let arrive = (_: unknown): void => {};
  server.answer = () => new Promise((resolve) => (arrive = resolve));
  const resumed = session.resume();
  answer("bob");
  news("entered", "bob");
  await pass(0);
  arrive({ user: { id: "ada" } });
  await resumed;
  expect(session.user?.id).toBe("bob");
});

test("who had left by then is a stranger", async () => {
  const { session } = await pageOf("ada");
  refuse(401);
  news("entered", "bob");
  await pass(0);
  expect(session.standing).toBe("stranger");
  await pass(60_000);
  expect(server.asked).toBe(1);
});

test("signed out in another tab: first stopped, then forgotten", async () => {
  const { session, told } = await pageOf("ada");
  news("left", "ada");
  expect(told).toEqual(["enter ada", "stop", "forget"]);
  expect(session).toMatchObject({ standing: "stranger", user: null });
});

test("that somebody else has left does not matter", async () => {
  const { session, told } = await pageOf("ada");
  news("left", "bob");
  expect(session.standing).toBe("in");
  expect(told).toEqual(["enter ada"]);
});

test("who is gone is gone from all tabs and from the browser's store", async () => {
  const { session, told } = await pageOf("ada");
  localStorage.setItem("strongroom.draft.ada.new", "{}");
  channel.sent = [];
  const gone = session.gone();
  await vi.waitFor(() => expect(forgotten).toEqual(["ada"]));
  await gone;
  expect(told).toEqual(["enter ada", "forget"]);
  expect(channel.sent).toEqual([{ news: "left", userId: "ada" }]);
  expect(localStorage.length).toBe(0);
});

test("a session that ends keeps what is here, and the same person goes on", async () => {
  const { session, told } = await pageOf("ada");
  server.end();
  server.end();
  expect(session).toMatchObject({ standing: "ended", user: { id: "ada" } });
  answer("ada");
  news("entered", "ada");
  await pass(0);
  expect(told).toEqual(["enter ada", "stop", "enter ada"]);
});

test("the chats that came with who is here are given once, and to nobody else", async () => {
  localStorage.setItem("strongroom.entered", "yes");
  const { session } = await page();
  const chats = [{ chat_id: "c1" }];
  server.answer = async () => ({ user: { id: "anna" }, chats, next_cursor: null });
  await session.resume();
  expect(session.takeChats()?.chats).toEqual(chats);
  expect(session.takeChats()).toBeNull();

  news("entered", "bert"); // asked anew: the answer is theirs, and is never looked at before they sign out again
  await pass(0);
  await session.gone();
  expect(session.takeChats()).toBeNull();
});
