// @vitest-environment happy-dom
import { expect, test, vi } from "vitest";

const uploads = vi.hoisted(() => ({ attached: async (): Promise<void> => {} }));

vi.mock("./composing", () => ({ attach: () => uploads.attached() }));
vi.mock("../state/later", () => ({ uploading: { ready: async () => ({ add: () => [] }) } }));
vi.mock("../state/session.svelte", () => ({ session: { join: () => {} } }));

import { Problem } from "../api/problem";
import { adding } from "./adding.svelte";

/** Whether the page asks before it goes. */
function asks(): boolean {
  const event = new Event("beforeunload", { cancelable: true });
  dispatchEvent(event);
  return event.defaultPrevented;
}

test("who leaves while chosen files are on their way to the uploads is asked first", async () => {
  let arrive = () => {};
  uploads.attached = () => new Promise((resolve) => (arrive = resolve));
  expect(asks()).toBe(false);
  const added = adding.add("c1", [new File(["x"], "a.txt")]);
  expect(asks()).toBe(true);
  arrive();
  await added;
  expect(asks()).toBe(false);
});

test("files that could not be handed over wait, and the page goes on asking", async () => {
  uploads.attached = () => Promise.reject(new Problem(503, { code: "busy" }));
  await adding.add("new", [new File(["x"], "a.txt")]);
  expect(asks()).toBe(true);
  adding.discard();
  expect(asks()).toBe(false);
});
