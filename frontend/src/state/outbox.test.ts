// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Sent = { message_id: string; content: string; chat_id?: string; file_ids: string[] };

const server = vi.hoisted(() => ({
  sent: [] as Sent[],
  refuse: null as null | ((body: Sent) => unknown),
  held: [] as (() => void)[],
  hold: false,
}));

vi.mock("../api/client", () => ({
  call: (asked: Promise<unknown>) => asked,
  client: {
    GET: async () => ({ chats: [], messages: [], files: [], next_cursor: null, user: null }),
    POST: async (_path: string, { body }: { body: Sent }) => {
      if (server.hold) await new Promise<void>((resolve) => server.held.push(resolve));
      const refusal = server.refuse?.(body);
      if (refusal != null) throw refusal;
      server.sent.push(body);
      return { message_id: body.message_id, chat_id: body.chat_id ?? "real", created_at: "2026-01-05T12:00:00.000000Z" };
    },
  },
  addresses: { stream: () => "" },
  whenSessionEnds: () => {},
  sessionEnded: () => {},
}));

const ADA = { id: "ada", username: "ada", email: "", created_at: "", updated_at: "" };
const MESSAGE = { newChat: false, contentType: "text/plain", fileIds: [], uploadIds: [] };

const open: { gone: () => Promise<void> }[] = [];

async function page() {
  vi.resetModules();
  const { session } = await import("./session.svelte");
  open.push(session);
  session.user = ADA;
  session.standing = "in";
  const [{ outbox }, { drafts }] = [await import("./outbox.svelte"), await import("./drafts.svelte")];
  const { Problem } = await import("../api/problem"); // this page's own
  return { outbox, drafts, Problem };
}

async function settled(holds: () => boolean) {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 3_000, interval: 5 });
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(server, { sent: [], refuse: null, held: [], hold: false });
  vi.stubGlobal("EventSource", class extends EventTarget { close() {} });
  const request = async (_name: string, ...rest: unknown[]) => (rest.at(-1) as () => unknown)();
  Object.defineProperty(navigator, "locks", { value: { request }, configurable: true });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((session) => session.gone())); // what one still waits to send is nobody's any more
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("what is sent is kept in the same breath, and goes when the server has it", async () => {
  server.hold = true;
  const { outbox } = await page();
  outbox.send({ ...MESSAGE, chatId: "c", content: "words" });
  expect(Object.keys(localStorage).filter((key) => key.startsWith("strongroom.outbox.ada."))).toHaveLength(1);
  await settled(() => server.held.length === 1);
  server.hold = false;
  server.held[0]?.();
  await settled(() => outbox.all.length === 0);
  expect(Object.keys(localStorage).filter((key) => key.startsWith("strongroom.outbox."))).toEqual([]);
});

test("another page goes on with what this one had not sent", async () => {
  const before = await page();
  server.refuse = () => new before.Problem(0, { code: "unreachable" });
  before.outbox.send({ ...MESSAGE, chatId: "c", content: "words" });
  server.refuse = null;
  const after = await page();
  await settled(() => after.outbox.all.length === 0);
  expect(new Set(server.sent.map(({ message_id }) => message_id)).size).toBe(1);
});

test("a new chat's messages follow the first one in order, and its draft goes along", async () => {
  server.hold = true;
  const { outbox, drafts } = await page();
  const moved: string[] = [];
  outbox.onBegun((was, is) => moved.push(was, is));
  for (const content of ["one", "two", "three"]) outbox.send({ ...MESSAGE, chatId: "local", newChat: true, content });
  drafts.write("local", { text: "half a", uploadIds: [] });
  await settled(() => server.held.length === 1);
  server.hold = false;
  server.held[0]?.();
  await settled(() => outbox.all.length === 0);
  expect(server.sent.map(({ content, chat_id }) => [content, chat_id])).toEqual([
    ["one", undefined], ["two", "real"], ["three", "real"],
  ]);
  expect(moved).toEqual(["local", "real"]);
  expect(drafts.of("real").text).toBe("half a");
  expect(drafts.of("local").text).toBe("");
});

test("a refused message says why and lets the next one pass; retried, it goes", async () => {
  const { outbox, Problem } = await page();
  server.refuse = ({ content }) => (content === "bad" ? new Problem(422, { code: "validation_failed" }) : null);
  outbox.send({ ...MESSAGE, chatId: "c", content: "bad" });
  outbox.send({ ...MESSAGE, chatId: "c", content: "good" });
  await settled(() => outbox.all.length === 1);
  const [row] = outbox.all;
  expect(row).toMatchObject({ content: "bad", failed: expect.anything() });
  expect(server.sent.map(({ content }) => content)).toEqual(["good"]);
  server.refuse = null;
  if (row !== undefined) outbox.retry(row.id);
  await settled(() => outbox.all.length === 0);
  expect(server.sent.map(({ content }) => content)).toEqual(["good", "bad"]);
});

test("an answer that does not speak of the message is no acknowledgement", async () => {
  const { outbox } = await page();
  server.refuse = () => null;
  const { client } = await import("../api/client");
  const post = vi.spyOn(client as { POST: (...asked: unknown[]) => unknown }, "POST");
  post.mockResolvedValue({ status: "ok" });
  outbox.send({ ...MESSAGE, chatId: "c", content: "words" });
  await settled(() => post.mock.calls.length === 1);
  expect(outbox.all).toHaveLength(1);
});
