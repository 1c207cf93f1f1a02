// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { registration } from "./registration.svelte";

function answering(status: number, body: unknown): void {
  const answer = () => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } }));
  vi.stubGlobal("fetch", answer);
}

beforeEach(() => {
  registration.mode = null;
  registration.invitation = "";
  history.replaceState(null, "", "/");
});

afterEach(() => vi.unstubAllGlobals());

test("the server says who may register", async () => {
  answering(200, { mode: "invited" });
  await registration.ask();
  expect(registration.mode).toBe("invited");
});

test("without an answer nobody is kept from trying", async () => {
  answering(500, { code: "internal_error" });
  await registration.ask();
  expect(registration.mode).toBe("open");
});

test("a refusal tells what has changed since", () => {
  registration.mode = "open";
  registration.learn(new Problem(403, { code: "invitation_needed" }));
  expect(registration.mode).toBe("invited");
  registration.learn(new Problem(403, { code: "registration_closed" }));
  expect(registration.mode).toBe("closed");
  registration.learn(new Problem(409, { code: "username_taken" }));
  expect(registration.mode).toBe("closed");
});

test("an invitation is taken out of the address, and what else stands there stays", () => {
  history.replaceState(null, "", "/?from=mail#invitation=R56B-NTQP");
  expect(registration.invited).toBe(false);
  expect(registration.arrive()).toBe(true);
  expect(registration.invited).toBe(true);
  expect(registration.invitation).toBe("R56B-NTQP");
  expect(location.pathname + location.search + location.hash).toBe("/?from=mail");
  history.replaceState(null, "", "/#/chats");
  expect(registration.arrive()).toBe(false);
  expect(location.hash).toBe("#/chats");
});
