import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/base.css";
import "./state/appearance.svelte";
import { texts } from "./texts/texts.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");
void texts.start().finally(() => mount(App, { target }));
