import { expect, test } from "vitest";
import { step } from "./steps";

const key = (name: string, held = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });
const from = (index: number, name: string, columns = 3, held = {}) =>
  step(key(name, held) as KeyboardEvent, index, 8, columns); // 8 things: the last of three rows has two

test.each([
  [0, "ArrowRight", 1],
  [2, "ArrowRight", 3],
  [0, "ArrowLeft", null],
  [1, "ArrowDown", 4],
  [5, "ArrowDown", 7],
  [7, "ArrowDown", null],
  [4, "ArrowUp", 1],
  [1, "ArrowUp", null],
  [4, "Home", 0],
  [4, "End", 7],
  [7, "End", null],
  [4, "x", null],
])("from %i, %s leads to %s", (index, name, target) => {
  expect(from(index, name)).toBe(target);
});

test("in a list there is nothing beside", () => {
  expect(from(3, "ArrowRight", 1)).toBeNull();
  expect(from(3, "ArrowDown", 1)).toBe(4);
});

test("shortcuts of the browser stay its own", () => {
  expect(from(3, "ArrowLeft", 3, { altKey: true })).toBeNull();
});
