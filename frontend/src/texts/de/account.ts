import type { Catalogue } from "../texts.svelte";
import { rights } from "./rights";
import { safety } from "./safety";

const things = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

export const account: Catalogue["account"] = {
  title: "Konto",
  signOut: "Abmelden",
  failed: "Das ließ sich nicht zeigen.",
  yourPassword: "Dein Passwort",
  ...safety,
  ...rights,

  who: {
    title: "Du",
    intro: "Dein Name und deine Adresse. Niemand sonst sieht sie hier.",
    name: "Benutzername",
    email: "E-Mail",
    since: "Hier seit",
  },

  sessions: {
    title: "Sitzungen",
    intro:
      "Alle Browser und Programme, in denen du angemeldet bist, und ungefähr von wo. Was du beendest, muss sich neu anmelden.",
    list: "Offene Sitzungen",
    client: (name, system) =>
      name === null ? (system === null ? "Unbekannt" : `Ein Browser auf ${system}`) : system === null ? name : `${name} auf ${system}`,
    seen: (when) => `Zuletzt etwa ${when}`,
    opened: (when) => `Angemeldet ${when}`,
    ends: (when) => `endet ${when}`,
    here: "diese hier",
    close: "Beenden",
    closeOf: (client, when) => `Die Sitzung von ${client} beenden, angemeldet ${when}`,
    closed: "Die Sitzung ist beendet.",
    closeOthers: "Alle anderen beenden",
    othersClosed: "Alle anderen Sitzungen sind beendet.",
    everywhere: "Überall abmelden",
  },

  password: {
    title: "Passwort",
    intro: "Wenn es sich ändert, enden alle anderen Sitzungen. Was du hier aufbewahrst, bleibt, wie es ist.",
    current: "Jetziges Passwort",
    fresh: "Neues Passwort",
    send: "Passwort ändern",
    closeTokens: (count) => (count === 1 ? "Auch das Token des Bots schließen" : `Auch die ${count} Token von Bots schließen`),
    closePasskeys: (count) =>
      count === 1 ? "Auch den Passkey entfernen, der allein anmeldet" : `Auch die ${count} Passkeys entfernen, die allein anmelden`,
    done: "Das Passwort ist geändert. Alle anderen Sitzungen sind beendet.",
    doneAll: "Das Passwort ist geändert. Alle anderen Sitzungen sind beendet, und was du sonst gewählt hast.",
  },

  code: {
    title: "Wiederherstellungscode",
    intro:
      "Der Weg zurück hinein, falls du dein Passwort vergisst. Wenn du ihn verloren hast oder jemand ihn gesehen haben könnte, mach einen neuen; der alte gilt dann nicht mehr.",
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
    titles: { here: "Abmelden?", everywhere: "Überall abmelden?", seal: "Jetzt versiegeln?" },
    means: {
      everywhere:
        "Alle Browser und Programme, in denen du angemeldet bist, müssen sich neu anmelden, auch dieser hier. Bots behalten ihre Token.",
      seal: "Alle Geräte und alle Bots sind auf einmal draußen, auch dieser Browser, und jedes Token ist für immer ungültig. Zurück kommst du mit deinem Passwort.",
    },
    onlyHere: "Das gibt es nur in diesem Browser, und es geht damit verloren:",
    messages: (count) => things(count, "nicht gesendete Nachricht", "nicht gesendete Nachrichten"),
    uploads: (count) => things(count, "unfertiger Upload", "unfertige Uploads"),
    recordings: (count) => things(count, "nicht gesendete Aufnahme", "nicht gesendete Aufnahmen"),
    drafts: (count) => things(count, "Entwurf", "Entwürfe"),
    stay: "Bleiben",
    sends: { here: "Abmelden", everywhere: "Abmelden", seal: "Jetzt versiegeln" },
    sendsAndLoses: { here: "Abmelden und verlieren", everywhere: "Abmelden und verlieren", seal: "Versiegeln und verlieren" },
    failed: {
      here: "Du bist noch angemeldet.",
      everywhere: "Du bist noch angemeldet.",
      seal: "Vielleicht ist nicht versiegelt.",
    },
  },
};
