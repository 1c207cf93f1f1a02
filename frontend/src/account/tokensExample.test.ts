import { expect, test } from "vitest";
import { exampleOf } from "./tokensExample";

const BASE = "https://strong.example/api/v1";
const CHAT = "01a20781-8b7a-7884-abbb-d5e1af606c22";

test("who may read looks at what is newest, in its own chat if it has one", () => {
  expect(exampleOf({ scopes: ["read"], chat_ids: null }, BASE)).toContain(`"${BASE}/user/data?limit=10" \\\n`);
  expect(exampleOf({ scopes: ["read", "write"], chat_ids: [CHAT] }, BASE)).toContain(`&chat_id=${CHAT}" \\\n`);
});

test("who may only write says hello where it may", () => {
  expect(exampleOf({ scopes: ["write"], chat_ids: null }, BASE)).toMatch(/-d '\{"content":"Hello"\}'$/);
  const within = exampleOf({ scopes: ["write"], chat_ids: [CHAT] }, BASE);
  expect(within).toContain(`"${BASE}/messages" \\\n`);
  expect(within).toContain(`"chat_id":"${CHAT}"`);
});
