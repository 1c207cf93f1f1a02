import { expect, test } from "vitest";
import file from "../assets/mark.svg?raw";
import component from "./Entrance.svelte?raw";

/** What is drawn, in order: the shapes with what they are made of. */
function shapes(source: string): string[] {
  return [...source.matchAll(/<(rect|circle|path)\s+([^>]*?)\s*\/>/gs)].map(
    ([, name, attributes = ""]) => `${name} ${attributes.match(/[\w-]+="[^"]*"/g)?.sort().join(" ")}`,
  );
}

test("the mark on the page is the one of the icons", () => {
  expect(shapes(file)).toHaveLength(3);
  expect(shapes(component)).toEqual(shapes(file));
});
