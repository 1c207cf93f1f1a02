import type { Catalogue } from "../texts.svelte";

export const common: Catalogue["common"] = {
  name: "Strongroom",
  close: "Schließen",
  cancel: "Abbrechen",
  retry: "Noch einmal",
  undo: "Rückgängig",
  save: "Speichern",
  delete: "Löschen",
  download: "Herunterladen",
  copy: "Kopieren",
  copied: "Kopiert",
  more: "Mehr",
  back: "Zurück",
  loading: "Wird geladen",
  sealed: "Versiegelt",
  sealedHow:
    "Es liegt mit AES-256 verschlüsselt unter einem Schlüssel, den nur dein Passwort oder dein Wiederherstellungscode öffnet. Strongroom öffnet es, während es dir gezeigt wird, und lässt nichts offen.",
  sealedVerify: "Den Verlauf ansehen und prüfen",
  deleted: (count) =>
    count === 1
      ? "Gelöscht. In wenigen Sekunden lässt es sich nicht mehr rückgängig machen."
      : `${count} gelöscht. In wenigen Sekunden lässt es sich nicht mehr rückgängig machen.`,
  notDeleted: (count, why) =>
    count === 1 ? `Nicht gelöscht, es ist noch da: ${why}` : `${count} wurden nicht gelöscht, sie sind noch da: ${why}`,
  views: { chats: "Chats", files: "Dateien", history: "Verlauf", account: "Konto", label: "Ansichten" },
  skip: "Zum Inhalt springen",
  connection: {
    polling: "Die Verbindung für Neuigkeiten ist unterbrochen. Es wird alle paar Sekunden nachgesehen.",
    offline: "Du bist offline. Was du schreibst, bleibt hier und wird gesendet, sobald du wieder da bist.",
  },
  pasted: (when) => `Bild ${when}`,
  unreachable: "Strongroom ist nicht zu erreichen.",
};
