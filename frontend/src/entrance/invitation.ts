/** `#invitation=CODE`, as `strongroom invite` makes the link. What stands behind the `#` is sent to no server. */

const LEAD = "#invitation=";
const MOST_CHARS = 128; // as the server takes it

/** The code as it stands there, right or not; null for any other address. */
export function invitationIn(hash: string): string | null {
  if (!hash.startsWith(LEAD)) return null;
  const text = hash.slice(LEAD.length);
  try {
    return decodeURIComponent(text).slice(0, MOST_CHARS);
  } catch {
    return text.slice(0, MOST_CHARS); // a % that means nothing
  }
}
