/** Where one is within the history, in what follows `#/history` in the address. */

import { addressOf } from "../lib/router.svelte";

export type Place =
  | { kind: "all" }
  | { kind: "of"; id: string } // what happened to one chat or file
  | { kind: "then"; at: string; shelf: "chats" | "files"; chatId: string | null }; // as it was

const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const OF = new RegExp(`^/of/(${ID})$`);
const THEN = new RegExp(`^/then/(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?Z)(/files|/chats/(${ID}))?$`);

export function placeOf(path: string): Place {
  const of = OF.exec(path)?.[1];
  if (of !== undefined) return { kind: "of", id: of };
  const [, at, rest, chatId] = THEN.exec(path) ?? [];
  if (at === undefined || Number.isNaN(Date.parse(at))) return { kind: "all" };
  return { kind: "then", at, shelf: rest === "/files" ? "files" : "chats", chatId: chatId ?? null };
}

export function pathOf(place: Place): string {
  switch (place.kind) {
    case "all":
      return "";
    case "of":
      return `/of/${place.id}`;
    case "then":
      return `/then/${place.at}${place.shelf === "files" ? "/files" : place.chatId === null ? "" : `/chats/${place.chatId}`}`;
  }
}

export function hrefOf(place: Place): string {
  return addressOf({ view: "history", path: pathOf(place) });
}
