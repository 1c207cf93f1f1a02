/** The operator's page: an entry of its own, of which the page for everybody fetches nothing. */

import { mount } from "svelte";
import "../styles/base.css";
import "../state/appearance.svelte";
import { texts } from "../texts/texts.svelte";
import Admin from "./Admin.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("admin.html has no #app");
void texts.start().finally(() => mount(Admin, { target }));
