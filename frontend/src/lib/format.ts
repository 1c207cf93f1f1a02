/** Sizes and times as people read them, in the language of the page. */

import { texts } from "../texts/texts.svelte";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 1536 → "1.5 kB": powers of 1000, two digits at most where they say something. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  const digits = power > 0 && value < 10 ? 1 : 0;
  return `${value.toLocaleString(texts.locale, { maximumFractionDigits: digits })} ${UNITS[power]}`;
}

/** 75 → "1:15", 3700 → "1:01:40" */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** "14:03" */
export function clock(isoTime: string): string {
  return new Date(isoTime).toLocaleTimeString(texts.locale, { hour: "2-digit", minute: "2-digit" });
}

/** "3 Nov", with the year when it is another one. */
export function date(isoTime: string): string {
  const at = new Date(isoTime);
  const year = at.getFullYear() === new Date().getFullYear() ? {} : ({ year: "numeric" } as const);
  return at.toLocaleDateString(texts.locale, { day: "numeric", month: "short", ...year });
}

/** "3 Nov, 14:03", with the year when it is another one. */
export function moment(isoTime: string): string {
  const at = new Date(isoTime);
  const year = at.getFullYear() === new Date().getFullYear() ? {} : ({ year: "numeric" } as const);
  return at.toLocaleString(texts.locale, { day: "numeric", month: "short", ...year, hour: "2-digit", minute: "2-digit" });
}

/** A calendar day of this browser's time zone, as a key: "2026-11-23". */
export function dayKey(isoTime: string): string {
  const at = new Date(isoTime);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}

/** "today", "yesterday", "Monday, 3 November", "3 November 2024" */
export function day(isoTime: string): string {
  const at = new Date(isoTime);
  const now = new Date();
  const midnight = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
  const daysAgo = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (daysAgo === 0 || daysAgo === 1) {
    return new Intl.RelativeTimeFormat(texts.locale, { numeric: "auto" }).format(-daysAgo, "day");
  }
  return at.getFullYear() === now.getFullYear()
    ? at.toLocaleDateString(texts.locale, { weekday: "long", day: "numeric", month: "long" })
    : at.toLocaleDateString(texts.locale, { day: "numeric", month: "long", year: "numeric" });
}
