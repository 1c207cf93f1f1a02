/** A transport that is fetched when it is first used. Not being able to fetch it is a lost connection like others. */

import { Problem } from "../api/problem";
import type { Transport } from "./transport";

export function lazily(load: () => Promise<Transport>): Transport {
  const fetched = () =>
    load().catch(() => {
      throw new Problem(0, { code: "unreachable" });
    });
  return {
    send: async (order, signal) => (await fetched()).send(order, signal),
    look: async (url) => (await fetched()).look(url),
    end: async (url) => (await fetched().catch(() => null))?.end(url),
  };
}
