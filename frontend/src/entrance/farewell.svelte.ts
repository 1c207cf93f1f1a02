/** The last page: where somebody is who has erased the account. */

class Farewell {
  /** under: asked for, and not answered yet; a session may end before its answer comes. */
  standing = $state<"none" | "under" | "erased">("none");
  /** Of the event by which all was erased; null: its number was lost on the way. */
  position = $state<number | null>(null);
}

export const farewell = new Farewell();
