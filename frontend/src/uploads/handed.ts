/** Files out of what was dropped or pasted. */

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
    const name = `${t.uploads.pasted(when)}${nameless.length > 1 ? ` ${at + 1}` : ""}.${ending}`;
    return new File([file], name, { type: file.type, lastModified: file.lastModified });
  });
}

/** Files, and how many folders came with them: a folder has no bytes of its own. */
export function droppedFiles(transfer: DataTransfer): { files: File[]; folders: number } {
  const files: File[] = [];
  let folders = 0;
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const file = item.getAsFile();
    if (item.webkitGetAsEntry()?.isDirectory === true) folders += 1;
    else if (file !== null) files.push(file);
  }
  return { files, folders };
}

export function bringsFiles(transfer: DataTransfer | null): transfer is DataTransfer {
  return transfer?.types.includes("Files") === true;
}
