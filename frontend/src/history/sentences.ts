/** What an event says, in a sentence. */

import type { HistoryEvent } from "../api/types";
import { t } from "../texts/texts.svelte";

/** The public field on which the sentence depends. */
const TELLING: Record<string, string> = { MessageSent: "role", SessionClosed: "reason", FileUploaded: "kind" };

type Sentences = Record<string, string | undefined>;

export function sentenceOf({ type, public: open }: Pick<HistoryEvent, "type" | "public">): string {
  const said: Record<string, Sentences | undefined> = t.history.said;
  const value = open[own(TELLING, type) ?? ""];
  const special = typeof value === "string" ? own(own(said, type) ?? {}, value) : undefined;
  return special ?? own<string | undefined>(t.history.events, type) ?? t.history.unknown;
}

/** Types and values come from the server, and `constructor` is nothing that was put there. */
function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
