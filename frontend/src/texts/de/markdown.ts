import type { Catalogue } from "../texts.svelte";

export const markdown: Catalogue["markdown"] = { done: "Erledigt", open: "Zu tun", table: "Tabelle", code: "Code" };
