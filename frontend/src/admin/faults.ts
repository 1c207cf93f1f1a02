/** How a question of the operator's page can fail, and what is said of it. */

import { Problem } from "../api/problem";
import { w } from "./words";

/** `gone`: there is no such failed job any more; `unretryable`: there is, and nobody can do it again. */
export type Fault = "refused" | "unreachable" | "gone" | "unretryable" | "full" | "busy" | "other";

const BY_CODE: Record<string, Fault> = {
  bad_credentials: "refused",
  not_found: "gone",
  not_retryable: "unretryable",
  storage_full: "full",
  busy: "busy",
};

export function faultOf(error: unknown): Fault {
  if (!(error instanceof Problem)) {
    console.error(error);
    return "other";
  }
  if (error.status === 0 || error.status === 502 || error.status === 504) return "unreachable";
  return error.status === 401 ? "refused" : (BY_CODE[error.code] ?? "other");
}

/** Why the server has not told how it stands. */
export function untold(fault: Fault): string {
  switch (fault) {
    case "refused":
      return w.faults.refused;
    case "unreachable":
      return w.faults.unreachable;
    case "busy":
      return w.faults.busy;
    case "gone":
    case "unretryable":
    case "full":
    case "other":
      return w.faults.other;
  }
}
