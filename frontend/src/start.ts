/** The page itself. Who is here is asked before anything is drawn. */

import { mount } from "svelte";
import App from "./App.svelte";
import "./state/appearance.svelte";
import { session } from "./state/session.svelte";
import { texts } from "./texts/texts.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");
const resuming = session.resume();
resuming.catch(() => {}); // App says so, once it is there
void texts.start().finally(() => mount(App, { target, props: { resuming } }));
