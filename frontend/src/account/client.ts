/** Which browser or program a session is of, as far as its user agent says so (RFC 9110 §10.1.5): it can say anything. */

export interface Client {
  name: string | null; // of the browser or program
  system: string | null;
  kind: "computer" | "phone" | "program";
}

const LONGEST = 40;

// Browsers name the ones that they imitate, too: the first that fits is meant.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\b(?:Macintosh|Mac OS X)\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const PHONES = new Set(["iPhone", "iPad", "Android"]);

export function clientOf(userAgent: string): Client {
  const system = first(SYSTEMS, userAgent);
  const browser = first(BROWSERS, userAgent);
  if (browser !== null) return { name: browser, system, kind: system !== null && PHONES.has(system) ? "phone" : "computer" };
  if (userAgent.startsWith("Mozilla/")) return { name: null, system, kind: "computer" };
  const program = userAgent.split(/[\s/(]/, 1)[0] ?? "";
  return { name: program === "" ? null : program.slice(0, LONGEST), system, kind: "program" };
}

function first(known: readonly (readonly [RegExp, string])[], userAgent: string): string | null {
  return known.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}
