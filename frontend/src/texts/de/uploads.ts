import type { Catalogue } from "../texts.svelte";

export const uploads: Catalogue["uploads"] = {
  title: "Uploads",
  show: "Uploads zeigen",
  fold: "Uploads einklappen",
  summary: (kept, all, percent) => `${kept} von ${all} · ${percent} %`,
  sealing: (kept, all) => `${kept} von ${all} · wird versiegelt`,
  allKept: (count) => (count === 1 ? "1 Datei ist verwahrt" : `${count} Dateien sind verwahrt`),
  someFailed: (failed, all) => `${failed} von ${all} nicht hochgeladen`,
  retryAll: "Alle noch einmal",
  clear: "Fertige entfernen",
  offline: "Es wird auf die Verbindung gewartet. Nichts ist verloren; es geht von selbst weiter.",

  waiting: {
    turn: "wartet, bis sie an der Reihe ist",
    connection: "wartet auf die Verbindung",
    server: "wartet auf den Server",
  },
  ofAll: (sent, all) => `${sent} von ${all}`,
  rate: (perSecond) => `${perSecond}/s`,
  left: (time) => `noch ${time}`,
  percent: (percent) => `${percent} %`,
  beingSealed: "wird versiegelt",
  arriving: "kommt gerade an",
  paused: "angehalten",
  checking: "wird geprüft und verschlüsselt",
  sealed: (percent) => `wird versiegelt · ${percent} %`,
  almost: "wird versiegelt · fast fertig",
  missing: "Die Seite wurde unterwegs geschlossen. Wähle dieselbe Datei noch einmal, dann geht es dort weiter.",
  choose: "Datei wählen",
  other: "Das ist eine andere Datei. Name, Größe und Datum müssen gleich sein.",

  nameless: "Eine Datei",
  unknown: "Sie wurde aus den Uploads genommen.",

  pause: (name) => `${name} anhalten`,
  resume: (name) => `Mit ${name} weitermachen`,
  cancel: (name) => `${name} abbrechen`,
  retry: (name) => `${name} noch einmal versuchen`,
  hide: (name) => `${name} aus der Liste nehmen`,
  remove: (name) => `${name} aus der Nachricht nehmen`,
  transferring: (name) => `${name}, wird übertragen`,
  processing: (name) => `${name}, wird versiegelt`,

  toldKept: (name) => `${name} ist verwahrt.`,
  toldAllKept: (count) => `${count} Dateien sind verwahrt.`,
  toldFailed: (name, problem) => `${name} wurde nicht hochgeladen. ${problem}`,
  toldMissing: (name) => `${name} muss noch einmal gewählt werden.`,

  drop: "Lass die Dateien hier los",
  dropHow: "Sie werden verschlüsselt, während sie ankommen.",
  folders: (count) =>
    count === 1
      ? "Ein Ordner lässt sich nicht hochladen. Zieh die Dateien darin hierher."
      : "Ordner lassen sich nicht hochladen. Zieh die Dateien darin hierher.",

  refused: {
    file_too_large: "Sie ist größer, als dieses Strongroom annimmt. Deine Kopie bleibt, wie sie ist.",
    quota_exceeded: "Dein Platz hier ist voll. Lösche etwas, das du nicht brauchst, und versuche es noch einmal.",
    storage_full: "Die Platte von Strongroom ist voll. Wer es betreibt, muss Platz schaffen; dann noch einmal versuchen.",
    not_found: "Den Chat, in den sie sollte, gibt es nicht mehr. Füge sie einem anderen hinzu.",
    validation_failed: "Ihr Name wird nicht angenommen. Benenne sie um und füge sie noch einmal hinzu.",
    unintelligible: "Etwas zwischen dir und Strongroom hat sie abgelehnt. Versuche es noch einmal, vielleicht in einem anderen Netz.",
  },
};
