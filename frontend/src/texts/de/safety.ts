import type { safety as english } from "../en/safety";

export const safety: typeof english = {
  factors: {
    title: "Zweiter Schritt",
    intro:
      "Etwas, das du hast, neben dem Passwort, das du weißt: Wer dein Passwort erfährt, kommt trotzdem nicht hinein. Auch das Wiederherstellen fragt danach.",
    list: "Zweiter Schritt",
    app: "Authenticator-App",
    on: "An: Die Anmeldung fragt nach ihrem Code",
    off: "Aus",
    setUp: "Einrichten",
    turnOff: "Ausschalten",
    codes: "Ersatzcodes",
    left: (count) => (count === 0 ? "Keiner mehr übrig. Mach neue." : count === 1 ? "Einer übrig" : `${count} übrig`),
    newCodes: "Neue machen",

    setup: {
      title: "Authenticator",
      how: "Eine App auf deinem Telefon zeigt sechs Ziffern, die jede halbe Minute wechseln. Anmelden und Wiederherstellen fragen von da an danach.",
      next: "Weiter",
      scan: "Scanne das mit deiner Authenticator-App.",
      picture: "QR-Code mit dem Geheimnis für deine Authenticator-App",
      openHere: "In der App auf diesem Gerät öffnen",
      byHand: "Oder tipp das Geheimnis ein:",
      code: "Die sechs Ziffern, die die App jetzt zeigt",
      wrong: "Diese Ziffern gelten nicht. Warte auf die nächsten, und sieh nach, ob die Uhr deines Geräts stimmt.",
      send: "Einschalten",
    },
    without: {
      title: "Ausschalten?",
      how: "Die Anmeldung fragt dann nicht mehr nach seinem Code.",
      code: "Code aus der App oder ein Ersatzcode",
      rule: "Ein Code aus der App hat sechs Ziffern, ein Ersatzcode zehn Buchstaben und Ziffern.",
      send: "Ausschalten",
      done: "Der Authenticator ist ausgeschaltet.",
    },
    fresh: {
      title: "Neue Ersatzcodes",
      how: "Du bekommst zehn neue. Die alten, benutzt oder nicht, gelten dann nicht mehr.",
      send: "Neue Codes machen",
    },
  },

  passkeys: {
    title: "Passkeys",
    intro:
      "Dein Fingerabdruck, dein Gesicht oder die PIN eines Geräts oder Sicherheitsschlüssels, statt eines Codes oder sogar statt des Passworts.",
    list: "Passkeys",
    opens: "Meldet allein an, ohne Passwort",
    second: "Zweiter Schritt nach dem Passwort",
    added: (when) => `Hinzugefügt ${when}`,
    used: (when) => `zuletzt benutzt ${when}`,
    add: "Passkey hinzufügen",
    impossible:
      "Dieser Browser hat unter dieser Adresse keine Passkeys. Sie brauchen eine sichere Verbindung und einen Namen in der Adresse.",
    how: "Dein Browser bittet dich, es mit dem Gerät zu bestätigen.",
    whether:
      "Wenn das Gerät es kann, öffnet der Passkey deine Sachen allein. Wenn nicht, wird er zum zweiten Schritt nach dem Passwort.",
    name: "Name",
    send: "Weiter",
    doneOpens: "Der Passkey ist hinzugefügt. Du kannst dich mit ihm allein anmelden.",
    doneSecond: "Der Passkey ist hinzugefügt. Die Anmeldung fragt nach dem Passwort danach.",
    remove: "Entfernen",
    removeOf: (name) => `Den Passkey ${name} entfernen`,
    removing: "Passkey entfernen?",
    removeHow: "Er öffnet hier dann nichts mehr. Dein Gerät bietet ihn vielleicht weiter an; lösch ihn auch dort.",
    removeNow: "Entfernen",
  },

  seal: {
    title: "Jetzt versiegeln",
    intro:
      "Alle Geräte und alle Bots sind auf einmal draußen, auch dieses hier. Es wird nichts gelöscht; dein Passwort öffnet es wieder.",
    open: "Jetzt alles versiegeln",
  },

  email: {
    open: "E-Mail-Adresse ändern",
    title: "E-Mail-Adresse",
    how: "Du meldest dich dann mit der neuen an, oder wie bisher mit deinem Benutzernamen. Die alte wird für andere frei.",
    fresh: "Neue E-Mail-Adresse",
    send: "Ändern",
    done: "Deine E-Mail-Adresse ist geändert.",
  },
};
