/** Files out of what was pasted. */

import { t } from "../texts/texts.svelte";

const GENERIC = /^(image\.\w+)?$/i; // what browsers call a picture that has no name

function isoMoment(at: Date): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${pad(at.getHours())}.${pad(at.getMinutes())}.${pad(at.getSeconds())}`; // no colon: some systems refuse it
}

/** Files on a clipboard; none where they only show what its text says (a table copied in an office program). */
export function pastedFiles(event: ClipboardEvent): File[] {
  const types = event.clipboardData?.types ?? [];
  const all = Array.from(event.clipboardData?.files ?? []);
  const nameless = all.filter(({ name, type }) => type.startsWith("image/") && GENERIC.test(name));
  if (nameless.length === all.length && types.includes("text/plain") && types.includes("text/html")) return [];
  const when = isoMoment(new Date());
  return all.map((file) => {
    const at = nameless.indexOf(file);
    if (at === -1) return file;
    const ending = file.type.replace(/^image\//, "").replace(/\+.*$/, "").replace("jpeg", "jpg");
    const name = `${t.common.pasted(when)}${nameless.length > 1 ? ` ${at + 1}` : ""}.${ending}`;
    return new File([file], name, { type: file.type, lastModified: file.lastModified });
  });
}
