/** Found texts, cut down to where the words stand. */

/** A stretch of `text` around the first of the words, cut into parts that are words looked for or not. */
export function excerpt(text: string, words: string, length = 120): { text: string; found: boolean }[] {
  const looked = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const plain = text.replace(/\s+/g, " ");
  const lower = plain.toLowerCase();
  const first = Math.min(...looked.map((word) => lower.indexOf(word)).filter((at) => at >= 0));
  const begin = Number.isFinite(first) ? Math.max(0, first - Math.floor(length / 4)) : 0;
  const cut = plain.slice(begin, begin + length);
  const shown = `${begin > 0 ? "…" : ""}${cut}${begin + length < plain.length ? "…" : ""}`;
  if (looked.length === 0) return [{ text: shown, found: false }];
  const pattern = new RegExp(`(${looked.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  return shown.split(pattern).flatMap((part, index) => (part === "" ? [] : [{ text: part, found: index % 2 === 1 }]));
}
