import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toasts } from "./toasts.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  toasts.held = () => false;
  vi.useRealTimers();
});

test("a note goes by itself, but not while somebody is at it", () => {
  let there = true;
  toasts.held = () => there;
  toasts.show("Copied", null, 1_000);
  vi.advanceTimersByTime(60_000);
  expect(toasts.all).toHaveLength(1);
  there = false;
  vi.advanceTimersByTime(2_000);
  expect(toasts.all).toEqual([]);
});
