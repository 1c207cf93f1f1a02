/** What one can try first with a token. The token itself stands in no command: others on the machine see those. */

import type { TokenIssued } from "../api/types";

type Reach = Pick<TokenIssued, "scopes" | "chat_ids">;

/** A line for a POSIX shell. `base`: of the API, without a slash at its end. */
export function exampleOf({ scopes, chat_ids }: Reach, base: string): string {
  const asked = (path: string) => `curl -fsS "${base}${path}" \\\n  -H "Authorization: Bearer $(cat token.txt)"`;
  const chat = chat_ids?.[0];
  if (scopes.includes("read")) return asked(`/user/data?limit=10${chat === undefined ? "" : `&chat_id=${chat}`}`);
  const message = { content: "Hello", ...(chat !== undefined && { chat_id: chat }) };
  return `${asked("/messages")} \\\n  -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(message)}'`;
}
