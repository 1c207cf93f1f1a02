import type { Catalogue } from "../texts.svelte";

const things = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

export const account: Catalogue["account"] = {
  title: "Konto",
  signOut: "Abmelden",
  failed: "Das ließ sich nicht zeigen.",

  who: {
    title: "Du",
    intro: "Dein Name und deine Adresse. Niemand sonst sieht sie hier.",
    name: "Benutzername",
    email: "E-Mail",
    since: "Hier seit",
  },

  sessions: {
    title: "Sitzungen",
    intro: "Alle Browser und Programme, in denen du angemeldet bist. Was du beendest, muss sich neu anmelden.",
    list: "Offene Sitzungen",
    opened: (when) => `Angemeldet ${when}`,
    ends: (when) => `endet ${when}`,
    here: "diese hier",
    close: "Beenden",
    closeOf: (when) => `Die Sitzung vom ${when} beenden`,
    closed: "Die Sitzung ist beendet.",
    everywhere: "Überall abmelden",
  },

  password: {
    title: "Passwort",
    intro: "Wenn es sich ändert, enden alle anderen Sitzungen. Was du hier aufbewahrst, bleibt, wie es ist.",
    current: "Jetziges Passwort",
    fresh: "Neues Passwort",
    send: "Passwort ändern",
    done: "Das Passwort ist geändert. Alle anderen Sitzungen sind beendet.",
  },

  code: {
    title: "Wiederherstellungscode",
    intro:
      "Der einzige andere Weg hinein, falls du dein Passwort vergisst. Wenn du ihn verloren hast oder jemand ihn gesehen haben könnte, mach einen neuen; der alte gilt dann nicht mehr.",
    password: "Dein Passwort",
    send: "Neuen Code machen",
  },

  appearance: {
    title: "Aussehen",
    intro: "Nur für diesen Browser.",
    theme: "Farben",
    themes: { system: "Wie das Gerät", light: "Hell", dark: "Dunkel" },
    language: "Sprache",
  },

  erase: {
    title: "Alles löschen",
    intro: "Beendet dein Konto und vernichtet die Schlüssel zu allem, was du hier aufbewahrst.",
    open: "Mein Konto löschen",
    gone: "Nachrichten, Dateien, Aufnahmen und was zu ihnen mitgeschrieben wurde kann niemand mehr öffnen, sobald du bestätigst. Es gibt kein Zurück und keine Bedenkzeit. Lade vorher herunter, was du behalten willst.",
    closed: "Alle Sitzungen enden. Dein Name und deine E-Mail-Adresse werden wieder frei.",
    stays:
      "Was bleibt, ist die Form des Protokolls: dass etwas geschah, wann, und wie groß es war, versiegelt und ohne Schlüssel. Sicherungen, die der Betreiber vorher gemacht hat, können deine Schlüssel noch enthalten, solange es sie gibt; auch dort schützt sie dein Passwort.",
    confirm: (name) => `Gib ${name} ein, um es zu bestätigen`,
    differs: (name) => `Das ist nicht ${name}.`,
    password: "Dein Passwort",
    send: "Alles endgültig löschen",
  },

  leaving: {
    title: "Abmelden?",
    everywhere: "Überall abmelden?",
    everywhereHow: "Alle Browser und Programme, in denen du angemeldet bist, müssen sich neu anmelden, auch dieser hier.",
    onlyHere: "Das gibt es nur in diesem Browser, und es geht mit dem Abmelden verloren:",
    messages: (count) => things(count, "nicht gesendete Nachricht", "nicht gesendete Nachrichten"),
    uploads: (count) => things(count, "unfertiger Upload", "unfertige Uploads"),
    recordings: (count) => things(count, "nicht gesendete Aufnahme", "nicht gesendete Aufnahmen"),
    drafts: (count) => things(count, "Entwurf", "Entwürfe"),
    stay: "Bleiben",
    send: "Abmelden",
    sendAndLose: "Abmelden und verlieren",
    failed: "Du bist noch angemeldet.",
  },
};
