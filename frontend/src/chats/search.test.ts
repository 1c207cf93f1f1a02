import { expect, test } from "vitest";
import { Search } from "./search.svelte";

test("other words do not go on where the last ones stopped", () => {
  const search = new Search();
  search.more = "a place among what other words have found";
  search.words = "other";
  search.typed();
  expect(search.more).toBeNull();
  search.clear();
});
