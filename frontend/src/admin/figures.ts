/** Numbers and times as the operator's page shows them. */

import { texts } from "../texts/texts.svelte";
import { w } from "./words";

/** 1234567 → "1,234,567"; nothing there: it cannot be read. */
export function number(value: number | null | undefined): string {
  return value?.toLocaleString(texts.locale) ?? w.unreadable;
}

/** "14:03:22" */
export function seconds(isoTime: string): string {
  return new Date(isoTime).toLocaleTimeString(texts.locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
