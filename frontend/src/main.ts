/** Runs first, and asks at once for all that the first view needs: who is here is known well enough by now to guess which
 * view that will be. A guess that fails costs nothing: whoever needs a part asks for it again. */

import { ENTERED, kept } from "./lib/kept";
import "./styles/base.css";
import { LOADERS, wanted } from "./texts/languages";

function ahead(part: Promise<unknown> | undefined): void {
  part?.catch(() => {});
}

void import("./start");
const loaders = LOADERS[wanted()];
ahead(loaders.first?.());
if (kept.get(ENTERED) !== null) {
  ahead(import("./room/Room.svelte"));
} else {
  ahead(import("./entrance/Entrance.svelte"));
  ahead(loaders.rest());
}
