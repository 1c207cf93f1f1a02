import type { Catalogue } from "../texts.svelte";

export const voice: Catalogue["voice"] = {
  record: "Sprachnotiz aufnehmen",
  note: "Sprachnotiz",
  discarded: "Verworfen",

  asking: "Warte auf das Mikrofon",
  recordingNow: "Aufnahme läuft",
  paused: "Angehalten",
  recorded: (length) => `Aufgenommen, ${length}`,
  cancel: "Aufnahme abbrechen",
  pauseRecording: "Aufnahme anhalten",
  resumeRecording: "Weiter aufnehmen",
  finish: "Beenden und anhören",
  discard: "Aufnahme verwerfen",
  send: "Aufnahme senden",
  review: "Aufnahme, nicht gesendet",

  recording: (name) => `Aufnahme ${name}`,
  play: "Abspielen",
  pause: "Anhalten",
  position: "Stelle",
  of: (at, length) => `${at} von ${length}`,
  speed: (times) => `Tempo: ${times}-fach`,
  transcript: "Was gesagt wird",
  sealing: (percent) => (percent === null ? "wird versiegelt…" : `wird versiegelt, ${percent} %`),
  analysing: "Wellenform wird gezeichnet…",
  converting: "wird für diesen Browser umgewandelt…",
  notProcessed: "Sie konnte nicht verarbeitet werden.",
  cannotPlay: "Hier lässt sie sich nicht abspielen. Herunterladen geht.",
  cannotRead: "Dieser Browser gibt die Aufnahme nicht heraus. Sie bleibt, wo sie ist; lade die Seite neu und versuche es noch einmal.",

  failures: {
    insecure: "Browser öffnen das Mikrofon nur für Seiten mit HTTPS. Öffne diese Seite unter ihrer https-Adresse.",
    refused: "Das Mikrofon ist gesperrt. Erlaube es neben der Adresse in den Einstellungen des Browsers und versuche es noch einmal.",
    missing: "Es wurde kein Mikrofon gefunden. Schließe eines an und versuche es noch einmal.",
    busy: "Das Mikrofon antwortet nicht; vielleicht benutzt es ein anderes Programm. Schließe das und versuche es noch einmal.",
    unsupported: "Dieser Browser kann nicht aufnehmen. Ein neuerer kann es; oder hänge eine Aufnahme als Datei an.",
    empty: "Es wurde nichts aufgenommen: Vom Mikrofon kam kein Ton.",
    unknown: "Die Aufnahme konnte nicht beginnen.",
  },
  notices: {
    unplugged: "Das Mikrofon ist nicht mehr da. Was bis dahin aufgenommen wurde, ist hier.",
    longest: "Drei Stunden sind das Längste für eine Sprachnotiz. Was aufgenommen wurde, ist hier.",
    storage: "Auf diesem Gerät ist kaum noch Platz. Sende die Aufnahme bald.",
    memory: "Dieser Browser bewahrt für die Seite nichts auf: Schließe sie nicht, bevor die Aufnahme gesendet ist.",
  },
};
