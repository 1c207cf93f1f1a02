/** Names of files as the server takes them: printable, 255 characters at most (docs/api.md, Uploads). */

const LONGEST = 255;
const UNNAMED = "upload";

/** Other spaces (the narrow one in the names of screenshots, say) become a space; what cannot be printed goes: marks that
 * turn the direction of writing, line breaks. The joiners of Persian words and of emoji stay, and so does the ending. */
export function sentName(name: string): string {
  const printable = Array.from(name.replace(/[\p{Z}\t\n\r]/gu, " ").replace(/(?![\u200c\u200d])\p{C}/gu, ""));
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(printable.join(""))?.[0] ?? "";
  const short = printable.length <= LONGEST ? printable.join("") : printable.slice(0, LONGEST - ending.length).join("") + ending;
  return /^[\s\u200c\u200d]*$/u.test(short) ? UNNAMED : short;
}

/** A declared media type, if it is one that can be sent. */
export function sentType(type: string): string {
  return /^[!-~ ]{1,255}$/.test(type) ? type : "";
}
