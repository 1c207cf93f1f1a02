/** What this browser remembers of the log: the key it met first, and the largest checkpoint that the key has signed. So a
 * log that changes its key or takes back its history is noticed here, whoever runs it. Nothing of it is secret. */

import { kept } from "../lib/kept";
import { parseCheckpoint, parseKey, type Checkpoint, type VerifierKey } from "./proof";

const KEY = "strongroom.log.key"; // `<since> <verifier key>`
const SEEN = "strongroom.log.checkpoint"; // a signed note

export interface Pinned {
  key: VerifierKey;
  since: string;
}

/** null: none was met, or what was kept is spoilt. */
export async function pinned(): Promise<Pinned | null> {
  const [since, line] = kept.get(KEY)?.split(" ") ?? [];
  if (since === undefined || line === undefined) return null;
  return parseKey(line).then(
    (key) => ({ key, since }),
    () => null,
  );
}

/** Takes this key for the log's from now on, and forgets what another one has signed. Gives back whether it lasts. */
export function pin({ line }: VerifierKey): boolean {
  const text = `${new Date().toISOString()} ${line}`;
  kept.set(KEY, text);
  kept.drop(SEEN);
  return kept.get(KEY) === text;
}

export function seen(): Checkpoint | null {
  const note = kept.get(SEEN);
  try {
    return note === null ? null : parseCheckpoint(note);
  } catch {
    return null; // spoilt: as if it had never been
  }
}

/** Of a checkpoint whose signature was verified. */
export function remember(checkpoint: Checkpoint): void {
  if (checkpoint.size > (seen()?.size ?? -1)) kept.set(SEEN, checkpoint.note);
}
