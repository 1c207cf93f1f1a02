/** What an event says, in a sentence. */

import type { HistoryEvent } from "../api/types";
import { t } from "../texts/texts.svelte";

/** The public field on which the sentence depends. */
const TELLING: Record<string, string> = {
  MessageSent: "role",
  SessionClosed: "reason",
  FileUploaded: "kind",
  PasskeyAdded: "opens",
  ApiTokenIssued: "kind",
  ApiTokenRevoked: "reason",
  DataExported: "by",
};

type Sentences = Record<string, string | undefined>;

export function sentenceOf({ type, public: open }: Pick<HistoryEvent, "type" | "public">): string {
  const said: Record<string, Sentences | undefined> = t.history.said;
  const value = open[own(TELLING, type) ?? ""];
  const told = typeof value === "string" || typeof value === "boolean";
  const special = told ? own(own(said, type) ?? {}, String(value)) : undefined;
  return special ?? own<string | undefined>(t.history.events, type) ?? t.history.unknown;
}

/** Types and values come from the server, and `constructor` is nothing that was put there. */
function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
