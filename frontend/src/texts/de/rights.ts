import type { Catalogue } from "../texts.svelte";

type Rights = Pick<Catalogue["account"], "tokens" | "export" | "import" | "receipt">;

const count = (number: number, one: string, many: string) => (number === 1 ? one : `${number.toLocaleString("de")} ${many}`);

export const rights: Rights = {
  tokens: {
    title: "API-Token",
    intro:
      "Für Bots und Programme: Jedes meldet sich mit einem eigenen Token an und nie mit deinem Passwort, tut, was du hier erlaubst, und ist draußen, sobald du es widerrufst.",
    list: "API-Token",
    none: "Es gibt keins.",
    kinds: { read_write: "Lesen und schreiben", read: "Lesen", write: "Nur schreiben" },
    means: {
      read_write: "Es tut alles, was du hier kannst, außer was das Konto selbst betrifft.",
      read: "Es sieht alles, was du hier aufbewahrst, und ändert nichts.",
      write: "Es sendet Nachrichten und Dateien, auch wenn du nicht da bist, und liest nichts, auch nicht, was es selbst schrieb.",
    },
    everywhere: "alle Chats",
    within: (titles, more) => (more === 0 ? `nur ${titles}` : `nur ${titles} und ${more} weitere`),
    quoted: (title) => `„${title}“`,
    unknownChat: "ein Chat, den es nicht mehr gibt",
    expires: (when) => `Läuft ab ${when}`,
    used: (when) => `Zuletzt benutzt etwa ${when}`,
    unused: "Nie benutzt",

    make: "Token ausstellen",
    name: "Name",
    nameHint: "Wofür es ist: Daran erkennst du es unter den anderen.",
    may: "Es darf",
    reaches: "In",
    all: "Alle Chats",
    some: "Nur manche Chats",
    find: "Chat suchen",
    chats: "Chats",
    chosen: (number) => (number === 0 ? "Noch keiner gewählt" : count(number, "1 Chat gewählt", "Chats gewählt")),
    noneFound: "Einen solchen Chat gibt es nicht.",
    choose: "Wähle mindestens einen Chat und höchstens 100.",
    untitled: "Chat ohne Namen",
    lasts: "Es gilt",
    days: { 30: "30 Tage", 90: "90 Tage", 365: "Ein Jahr" },
    send: "Token ausstellen",

    made: "Dein neues Token",
    once: "Es wird nur dieses eine Mal gezeigt. Wer es hat, kann, was es darf: Gib es dem Programm, für das es ist, und niemandem sonst.",
    label: "Das Token",
    example: "Zum Beispiel",
    exampleHow: "Mit dem Token in einer Datei, die nur du lesen kannst, token.txt:",
    kept: "Ich habe es aufbewahrt",
    notKept: "Ist das hier geschlossen, kann es niemand mehr zeigen. Schließ es mit dem Knopf unten.",
    copyFailed: "Es ließ sich nicht kopieren. Markiere es und kopiere es von Hand.",

    revoke: "Widerrufen",
    revokeOf: (name) => `Das Token ${name} widerrufen`,
    revoking: "Token widerrufen?",
    revokeHow: "Was sich damit anmeldet, ist sofort und für immer draußen. Was es geschrieben hat, bleibt.",
    revoked: "Das Token ist widerrufen.",
  },

  export: {
    title: "Alles mitnehmen",
    intro: "Ein ZIP mit allem, was du hier aufbewahrst: zum Lesen ohne Strongroom, oder um es in ein anderes zu bringen.",
    what: "Chats, Nachrichten, Dateien, Aufnahmen und was über sie bekannt ist, als Seiten zum Lesen und als Daten; und dein Verlauf mit seinen Beweisen.",
    clear: "Nichts darin ist verschlüsselt. Wer die Datei hat, kann alles lesen: Verwahre sie wie einen Schlüssel.",
    start: "Alles herunterladen",
    asking: "Wird zusammengestellt …",
    got: (bytes) => `${bytes} gespeichert`,
    of: (bytes, all) => `${bytes} von etwa ${all}`,
    rate: (bytes) => `${bytes}/s`,
    left: (time) => `noch ${time}`,
    progress: "Export wird gespeichert",
    cancel: "Anhalten",
    done: (bytes) => `Vollständig gespeichert, ${bytes}. In deinem Verlauf steht, dass er verlangt wurde.`,
    handed:
      "Dein Browser speichert ihn und zeigt, wie weit er ist. Eine Datei ohne manifest.json darin wurde abgeschnitten: Lade sie noch einmal herunter.",
    stopped: "Angehalten. Nichts wurde gespeichert.",
    notWritten: "Dort ließ er sich nicht schreiben. Schaff Platz oder wähle einen anderen Ort.",
  },

  import: {
    title: "Alles hereinholen",
    intro: "Einen Export aus diesem oder einem anderen Strongroom, in ein Konto, in dem noch nichts ist.",
    choose: "Export wählen",
    checking: "Alles ist angekommen. Der Rest wird aufgenommen …",
    progress: "Export wird hereingeholt",
    cancel: "Anhalten",
    again: "Weitermachen",
    other: "Anderen Export wählen",
    close: "Ausblenden",
    stopped: "Angehalten. Was bis dahin kam, ist hier. Noch einmal gesendet, geht derselbe Export von dort weiter, und nichts kommt doppelt.",
    cut: "Was bis dahin kam, ist hier. Noch einmal gesendet, geht derselbe Export von dort weiter, und nichts kommt doppelt.",
    details: "Was genau nicht stimmt",
    done: (chats, messages, files) =>
      `Hier sind jetzt ${count(chats, "1 Chat", "Chats")}, ${count(messages, "1 Nachricht", "Nachrichten")} und ${count(files, "1 Datei", "Dateien")}.`,
    nothing: "Es war nichts Neues darin.",
    skipped: (number) =>
      number === 1
        ? "1 Sache wurde ausgelassen: Sie war schon hier, wurde seither gelöscht oder hat im Export keinen Inhalt."
        : `${number.toLocaleString("de")} Sachen wurden ausgelassen: Sie waren schon hier, wurden seither gelöscht oder haben im Export keinen Inhalt.`,
    sealing: "Die Dateien werden jetzt versiegelt.",
  },

  receipt: {
    offer: "Dieser Beleg, vom Log unterschrieben, sagt, dass und wann es gelöscht wurde. Bewahre ihn auf: Anmelden kann sich dafür niemand mehr.",
    save: "Beleg sichern",
    waiting: "Der Beleg wird unterschrieben …",
    late: "Es ist noch nicht fertig und unterschrieben. Frag in einer Weile noch einmal.",
    gone: "Das Log hat keinen Beleg davon.",
    lost: "Die Antwort ging unterwegs verloren; deshalb lässt sich der Beleg hier nicht zeigen.",
  },
};
