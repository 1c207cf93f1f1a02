import type { Catalogue } from "../texts.svelte";

export const entrance: Catalogue["entrance"] = {
  promise: "Ein ruhiger Ort für deine Worte, Dateien und deine Stimme.",
  modes: { in: "Anmelden", up: "Konto anlegen", recover: "Mit dem Wiederherstellungscode" },
  toIn: "Ich habe ein Konto",
  toUp: "Konto anlegen",
  toRecover: "Passwort vergessen?",
  back: "Zurück zur Anmeldung",
  signIn: "Anmelden",
  byPasskey: "Mit Passkey anmelden",
  signUp: "Konto anlegen",
  recover: "Neues Passwort setzen",
  moment: "Einen Moment…",
  language: "Sprache",

  ended: "Deine Sitzung ist beendet. Was du geschrieben hast, bleibt hier; melde dich an, um weiterzumachen.",

  closed: "Neue Konten können hier zurzeit nicht angelegt werden.",
  invitedHow: "Um hier ein Konto anzulegen, brauchst du eine Einladung. Die gibt, wer dieses Strongroom betreibt.",
  invitation: "Einladung",

  name: "Name",
  nameOrEmail: "Name oder E-Mail",
  email: "E-Mail",
  password: "Passwort",
  newPassword: "Neues Passwort",
  recoveryCode: "Wiederherstellungscode",
  show: "Passwort zeigen",
  hide: "Passwort verbergen",
  passwordRule: "Mindestens 12 Zeichen. Es ist der Schlüssel zu allem, was du hier aufbewahrst.",
  codeRule: "Acht Gruppen zu vier Zeichen. Striche, Leerzeichen und Kleinschreibung spielen keine Rolle.",

  faults: {
    missing: "Bitte füll das aus.",
    username: "3 bis 64 Buchstaben und Ziffern, auch mit Punkt, Strich und Unterstrich.",
    email: "Das sieht nicht nach einer E-Mail-Adresse aus.",
    length: "Ein Passwort hat 12 bis 1.024 Bytes: mindestens zwölf einfache Buchstaben.",
    code: "Ein Wiederherstellungscode hat 32 Buchstaben und Ziffern. Hier fehlt etwas, oder es ist zu viel.",
    invitation: "Eine Einladung hat 32 Buchstaben und Ziffern. Hier fehlt etwas, oder es ist zu viel.",
    signIn: "Name und Passwort passen nicht zusammen. Vielleicht ist die Feststelltaste an.",
    recover: "Name und Code passen nicht zusammen. Ein Code gilt einmal; gibt es schon einen neueren?",
  },

  second: {
    title: "Zweiter Schritt",
    send: "Weiter",
    back: "Zurück",
    totp: {
      how: "Noch ein Schritt: der Code, den deine Authenticator-App jetzt zeigt.",
      label: "Sechsstelliger Code",
      rule: "Der Code hat sechs Ziffern.",
      wrong: "Dieser Code gilt nicht. Jeder gilt einmal: Warte auf den nächsten. Wenn keiner gilt, geht vielleicht die Uhr deines Geräts falsch.",
      instead: "Stattdessen die Authenticator-App",
    },
    passkey: {
      how: "Noch ein Schritt: Bestätige mit einem deiner Passkeys.",
      use: "Passkey benutzen",
      instead: "Stattdessen ein Passkey",
    },
    backup_code: {
      how: "Noch ein Schritt: einer der zehn Ersatzcodes, die du aufbewahrt hast.",
      label: "Ersatzcode",
      rule: "Ein Ersatzcode hat zehn Buchstaben und Ziffern.",
      wrong: "Das ist keiner deiner Ersatzcodes, oder er wurde schon benutzt. Jeder gilt einmal.",
      instead: "Stattdessen ein Ersatzcode",
    },
  },

  recoverHow:
    "Mit deinem Wiederherstellungscode setzt du ein neues Passwort. Der Code ist dann verbraucht, und du bekommst einen neuen. Alles, was sich bei diesem Konto anmeldet, wird geschlossen: jede Sitzung, die Token von Bots und Passkeys, die allein anmelden.",
  withoutCode:
    "Ohne Passwort und Code kann niemand öffnen, was du hier aufbewahrst, auch nicht, wer diesen Server betreibt. Es bleibt für immer verschlossen.",

  strength: {
    label: "Stärke des Passworts",
    levels: ["Zu kurz", "Leicht zu erraten", "Könnte stärker sein", "Gut", "Stark"],
    short: (missing) => (missing === 1 ? "Ein Zeichen fehlt noch." : `Es fehlen noch ${missing} Zeichen.`),
    long: "Es ist zu lang. Nimm ein kürzeres.",
    fine: "Mehr braucht es nicht. Leg es in einen Passwortmanager oder präg es dir gut ein.",
    longer: "Ein oder zwei Wörter mehr, und es ist viel schwerer zu erraten.",
    keys: "Tasten nebeneinander werden früh durchprobiert. Nimm Wörter, die nichts miteinander zu tun haben.",
    repeats: "Wiederholen bringt wenig. Nimm mehrere verschiedene Wörter.",
    sequences: "Folgen wie abc oder 321 werden früh durchprobiert. Lass sie weg.",
    dates: "Daten und Jahreszahlen sind leicht durchzuprobieren. Lass sie weg.",
    common: "Es ähnelt einem der häufigsten Passwörter. Nimm mehrere Wörter, die nicht zusammengehören.",
    words: "Ein einzelnes Wort ist schnell gefunden. Nimm drei oder vier, die nicht zusammengehören.",
    names: "Namen sind leicht durchzuprobieren. Nimm Wörter dazu, die nichts mit dir zu tun haben.",
    yours: "Dein eigener Name oder deine Adresse steckt darin, und das wird als Erstes probiert.",
    tricks: "Großbuchstaben und Ziffern statt Buchstaben helfen kaum. Ein weiteres Wort hilft.",
  },

  code: {
    title: "Dein Wiederherstellungscode",
    titleNew: "Dein neuer Wiederherstellungscode",
    why: "Wenn du dein Passwort vergisst, ist dieser Code der einzige andere Weg hinein. Er wird nur dieses eine Mal gezeigt; niemand kann ihn noch einmal zeigen, auch nicht, wer diesen Server betreibt.",
    replaces: "Der alte Code gilt nicht mehr.",
    label: "Der Code",
    print: "Drucken",
    copyFailed: "Das ließ sich nicht kopieren. Markier es und kopier es von Hand, oder schreib es auf.",
    kept: "Ich habe ihn sicher aufbewahrt",
    first: "Setz den Haken, sobald du ihn aufbewahrt hast.",
    goIn: "Hinein",
    sheet: {
      title: "Wiederherstellungscode für Strongroom",
      name: "Benutzername",
      date: "Datum",
      sentence:
        "Zusammen mit dem Benutzernamen öffnet dieser Code alles, was dort aufbewahrt ist. Bewahr ihn auf, wo nur du ihn findest.",
    },
  },

  backup: {
    title: "Deine Ersatzcodes",
    why: "Wenn dein Authenticator oder dein Passkey verloren geht, tritt einer dieser Codes an seine Stelle, neben deinem Passwort. Jeder gilt einmal. Sie werden nur jetzt gezeigt; ältere gelten nicht mehr.",
    label: "Die Ersatzcodes",
    go: "Weiter",
    sheet: {
      title: "Ersatzcodes für Strongroom",
      name: "Benutzername",
      date: "Datum",
      sentence: "Jeder dieser Codes ersetzt einmal den zweiten Schritt. Ohne das Passwort öffnen sie nichts.",
    },
  },

  erased: {
    title: "Gelöscht",
    under: "Wird gelöscht…",
    text: "Dein Konto gibt es nicht mehr, und die Schlüssel zu allem, was du hier hattest, sind vernichtet. Niemand kann es zurückholen. Was davon noch auf der Platte liegt, wird gerade weggeräumt.",
    start: "Zum Anfang",
  },
};
