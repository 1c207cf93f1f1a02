/** The last page: where somebody is who has erased the account. */

class Farewell {
  /** under: asked for, and not answered yet; a session may end before its answer comes. */
  standing = $state<"none" | "under" | "erased">("none");
}

export const farewell = new Farewell();
