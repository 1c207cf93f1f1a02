import type { Catalogue } from "../texts.svelte";

export const shortcuts: Catalogue["shortcuts"] = {
  title: "Tastenkürzel",
  open: "Diese Liste zeigen",
  newChat: "Neuer Chat",
  search: "Suchen",
  chats: "Zu den Chats",
  files: "Zu den Dateien",
  history: "Zum Verlauf",
  account: "Zum Konto",
  write: "Zum Nachrichtenfeld",
  record: "Sprachnotiz aufnehmen",
  send: "Senden",
  lineBreak: "Neue Zeile",
  on: "Einzelne Tasten tun das",
  leave: "Schließen, was offen ist, oder eine Aufnahme abbrechen",
};
