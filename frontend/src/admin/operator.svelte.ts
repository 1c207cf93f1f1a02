/** What the operator's page knows: the token, in this object alone, and how everything stood when the server last told. */

import { call, client } from "../api/client";
import type { components } from "../api/schema";
import { faultOf, type Fault } from "./faults";
import type { Asked } from "./retrying";

export type Overview = components["schemas"]["Overview"];
export type FailedJob = components["schemas"]["FailedJobView"];

export const EVERY_MS = 5_000;
const SOON_MS = 1_500; // A worker looks once a second.
const WITHIN_MS = 10_000;

export class Operator {
  overview = $state.raw<Overview | null>(null);
  /** Of the newest question; what is shown is older then. */
  fault = $state<Fault | null>(null);
  #token = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #opened = 0; // An answer to a question from before it was locked counts for nothing.

  /** Whether that is the token; `fault` says why not. */
  async open(token: string): Promise<boolean> {
    this.#token = token.trim();
    await this.#look();
    return this.overview !== null;
  }

  /** Forgets the token and all that was told. */
  lock(): void {
    this.#opened += 1;
    clearTimeout(this.#timer);
    this.#token = "";
    this.overview = null;
    this.fault = null;
  }

  /** At once, if somebody looks at the page: what they see is old. */
  seen(): void {
    if (this.overview !== null && document.visibilityState === "visible") this.#lookIn(0);
  }

  /** What a worker is asked for, or why nothing. */
  async retry(jobId: string): Promise<Asked | Fault> {
    return this.#ask(() => client.POST("/admin/jobs/{job_id}/retry", { ...this.#asking(), params: { path: { job_id: jobId } } }));
  }

  async retryAll(): Promise<Asked | Fault> {
    return this.#ask(() => client.POST("/admin/jobs/retry", this.#asking()));
  }

  async #ask(request: () => Promise<{ data?: Asked; error?: unknown; response: Response }>): Promise<Asked | Fault> {
    try {
      const asked = await call(request());
      this.#lookIn(SOON_MS);
      return asked;
    } catch (error) {
      return faultOf(error);
    }
  }

  async #look(): Promise<void> {
    const opened = this.#opened;
    try {
      const overview = await call(client.GET("/admin/overview", this.#asking()));
      if (opened !== this.#opened) return;
      this.overview = overview;
      this.fault = null;
    } catch (error) {
      if (opened !== this.#opened) return;
      const fault = faultOf(error);
      if (fault === "refused") this.lock();
      this.fault = fault;
    }
    if (this.overview !== null) this.#lookIn(EVERY_MS);
  }

  /** Not while nobody looks: `seen` goes on then. */
  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (document.visibilityState === "visible") void this.#look();
    }, ms);
  }

  /** The token and nothing else: no cookie of somebody who is signed in here. */
  #asking() {
    return {
      headers: { Authorization: `Bearer ${this.#token}` },
      credentials: "omit",
      signal: AbortSignal.timeout(WITHIN_MS),
    } as const;
  }
}
