import { expect, test } from "vitest";
import { halves, shownName } from "./names";

test("a name that would read like another one is shown as what it is", () => {
  expect(shownName("photo\u202Egpj.exe")).toBe("photo\uFFFDgpj.exe");
  expect(shownName("two\nlines.txt")).toBe("two\uFFFDlines.txt");
});

test("markup, right-to-left scripts and emoji stay as they are", () => {
  for (const name of ["<img onerror=alert(1)>.png", "تقرير.pdf", "👩‍👩‍👧 us.jpg"]) expect(shownName(name)).toBe(name);
});

test("a short name is whole", () => {
  expect(halves("notes.txt")).toEqual(["notes.txt", ""]);
});

test("a long name keeps its extension", () => {
  const [start, end] = halves("the-minutes-of-the-meeting-of-november-03.docx");
  expect(end).toBe("r-03.docx");
  expect(start + end).toBe("the-minutes-of-the-meeting-of-november-03.docx");
});

test("a character made of several is not cut apart", () => {
  const family = "👩‍👩‍👧";
  const [start, end] = halves(family.repeat(30));
  expect(start).toBe(family.repeat(21));
  expect(end).toBe(family.repeat(9));
});
