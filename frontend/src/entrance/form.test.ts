// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Problem } from "../api/problem";
import { t, texts } from "../texts/texts.svelte";
import { Form } from "./form.svelte";

const event = () => new SubmitEvent("submit", { cancelable: true });
let form: Form<"username" | "password">;
let element: HTMLFormElement;
let keys: string[];

function fill(name: string, value: string): void {
  const field = element.elements.namedItem(name) as HTMLInputElement;
  field.value = value;
}

/** Sends, and is answered with a problem or not at all. */
async function send(problem: Problem | null): Promise<void> {
  await form.submit(event(), {
    send: async (_, key) => {
      keys.push(key);
      if (problem !== null) throw problem;
    },
    codes: { bad_credentials: "password" },
  });
}

beforeAll(() => texts.rest());

beforeEach(() => {
  keys = [];
  form = new Form(["username", "password"]);
  element = document.createElement("form");
  for (const name of form.names) {
    const field = document.createElement("input");
    field.name = name;
    element.append(field);
  }
  document.body.replaceChildren(element);
  form.attach(element);
  fill("username", " somebody ");
  fill("password", " a password ");
});

test("spaces around a name do not count, those of a password do", () => {
  expect(form.value("username")).toBe("somebody");
  expect(form.value("password")).toBe(" a password ");
});

test("an empty field is told before anything is sent", async () => {
  fill("username", "  ");
  await send(null);
  expect(keys).toEqual([]);
  expect(form.faults).toEqual({ username: t.entrance.faults.missing });
});

test("a refusal stands beside its field, the form can be sent again", async () => {
  await send(new Problem(401, { code: "bad_credentials" }));
  expect(form.faults).toEqual({ password: t.problems.codes.bad_credentials });
  expect([form.alert, form.busy]).toEqual([null, false]);
});

describe("the idempotency key", () => {
  test("stays while the outcome is open, so that nothing is done twice", async () => {
    await send(new Problem(0, { code: "unreachable" }));
    await send(new Problem(503, { code: "busy" }));
    await send(null);
    expect(new Set(keys).size).toBe(1);
  });

  test("is another one after an answer", async () => {
    await send(new Problem(401, { code: "bad_credentials" }));
    await send(null);
    await send(null);
    expect(new Set(keys).size).toBe(3);
  });

  test("is another one for other values", async () => {
    await send(new Problem(0, { code: "unreachable" }));
    fill("password", "another password");
    await send(null);
    expect(new Set(keys).size).toBe(2);
  });

  test("is another one for something else beside the same values", async () => {
    const unanswered = new Problem(0, { code: "unreachable" });
    for (const beside of [false, false, true]) {
      await form.submit(event(), {
        send: async (_, key) => {
          keys.push(key);
          throw unanswered;
        },
        beside,
      });
    }
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
  });
});

test("what the form does without its fields fails as a form fails, and one thing happens at a time", async () => {
  let end = (_: Error): void => {};
  const running = form.run(() => new Promise((_, reject) => (end = reject)), { bad_code: "password" });
  expect(form.busy).toBe(true);
  await form.run(async () => expect.unreachable());
  await send(null);
  expect(keys).toEqual([]);
  end(new Problem(401, { code: "bad_code" }));
  await running;
  expect(form.faults).toEqual({ password: t.problems.codes.bad_code });
  expect(form.busy).toBe(false);
});
