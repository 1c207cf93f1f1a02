import type { Catalogue } from "../texts.svelte";

const number = (value: number) => value.toLocaleString("de");
const events = (count: number) => (count === 1 ? "1 Ereignis" : `${number(count)} Ereignisse`);
const ofEvents = (count: number) => (count === 1 ? "1 Ereignis" : `${number(count)} Ereignissen`);

export const history: Catalogue["history"] = {
  title: "Verlauf",
  intro: "Alles, was je mit dem Deinen geschehen ist, wie es im Log steht. Nichts davon lässt sich unbemerkt ändern.",
  none: "Hier ist noch nichts geschehen.",
  noneOfKind: "Bisher nichts dieser Art.",
  showAll: "Alles zeigen",
  more: "Frühere zeigen",
  ofOne: (name) => `Nur, was mit ${name} geschehen ist`,
  ofForgotten: "Nur, was mit etwas Gelöschtem geschehen ist",
  groups: { label: "Zeigen", all: "Alles", chats: "Chats", files: "Dateien", access: "Zugang" },
  forgotten: "vergessen",
  untitled: "Chat ohne Namen",

  events: {
    UserRegistered: "Dein Konto wurde angelegt.",
    PasswordChanged: "Dein Passwort wurde geändert.",
    RecoveryCodeIssued: "Ein Wiederherstellungscode wurde ausgestellt.",
    ErasureRequested: "Du hast dein Konto löschen lassen.",
    AccountErased: "Dein Konto wurde gelöscht.",
    SessionOpened: "Du hast dich angemeldet.",
    SessionClosed: "Eine deiner Sitzungen wurde beendet.",
    ChatStarted: "Ein Chat wurde begonnen.",
    ChatRenamed: "Ein Chat wurde umbenannt.",
    ChatDeleted: "Ein Chat wurde gelöscht und sein Schlüssel vernichtet.",
    MessageSent: "Eine Nachricht wurde gesendet.",
    MessageDelivered: "Eine Nachricht wurde zugestellt.",
    MessageRead: "Eine Nachricht wurde gelesen.",
    MessageFailed: "Eine Nachricht konnte nicht zugestellt werden.",
    FileUploaded: "Eine Datei ist angekommen.",
    FileStored: "Eine Datei wurde versiegelt und gespeichert.",
    AudioAnalysed: "Eine Aufnahme wurde untersucht.",
    ImageAnalysed: "Ein Bild wurde untersucht.",
    AudioTranscribed: "Eine Aufnahme wurde aufgeschrieben.",
    AnalysisFailed: "Eine Datei ist gespeichert, konnte aber nicht untersucht werden.",
    FileFailed: "Eine Datei konnte nicht gespeichert werden.",
    FileRetried: "Eine Datei wurde noch einmal versucht.",
    FileDeleted: "Eine Datei wurde gelöscht und ihr Schlüssel vernichtet.",
  },
  said: {
    MessageSent: {
      user: "Du hast eine Nachricht geschrieben.",
      assistant: "Der Assistent hat eine Nachricht geschrieben.",
      system: "Das System hat eine Nachricht geschrieben.",
    },
    SessionClosed: {
      logout: "Du hast dich abgemeldet.",
      closed: "Du hast eine Sitzung beendet.",
      expired: "Eine deiner Sitzungen ist abgelaufen.",
      lost: "Eine deiner Sitzungen wurde beendet, denn ihr Schlüssel fehlte.",
      password: "Eine deiner Sitzungen endete mit deinem alten Passwort.",
    },
    FileUploaded: { file: "Eine Datei ist angekommen.", audio: "Eine Aufnahme ist angekommen." },
  },
  unknown: "Es ist etwas geschehen, das diese Seite noch nicht kennt.",

  details: {
    of: (sentence, position) => `Einzelheiten: ${sentence} Nummer ${number(position)}`,
    position: "Nummer im Log",
    when: "Zeit",
    type: "Typ",
    stream: "Geschehen mit",
    version: "Nummer unter seinen Ereignissen",
    sealed: "Versiegelter Inhalt",
    nothingSealed: "keiner",
    bytes: (count) => `${number(count)} Bytes`,
    key: "Schlüssel",
    open: "Unverschlüsselt",
    then: "Ansehen, wie es damals war",
    proof: "Beweis sichern",
  },

  verify: {
    one: "Prüfen",
    all: (count) => `${events(count)} prüfen`,
    running: (done, all) => `${number(done)} von ${number(all)} geprüft`,
    busy: "Wird geprüft",
    insecure: "Dieser Browser prüft Signaturen nur auf sicheren Seiten. Öffne diese Seite mit https:// in der Adresse, um zu prüfen.",
    allHold: (count) =>
      count === 1
        ? "1 Ereignis geprüft. Es steht so im Log, wie es hier gezeigt wird."
        : `${events(count)} geprüft. Jedes steht so im Log, wie es hier gezeigt wird.`,
    someNot: (wrong, all) => `${number(wrong)} von ${ofEvents(all)} haben der Prüfung nicht standgehalten.`,
    someUnanswered: (count) =>
      count === 1 ? "1 Ereignis ließ sich gerade nicht prüfen." : `${events(count)} ließen sich gerade nicht prüfen.`,
    holds: (index, size) => `Geprüft: Es ist Nummer ${number(index)} von ${ofEvents(size)}, die das Log unterschrieben hat.`,
    unsigned: (size) =>
      `Es steht im Log mit ${ofEvents(size)}. Dieser Browser kann Ed25519-Signaturen nicht prüfen; wer das Log unterschrieben hat, bleibt ungeprüft.`,
    cosigned: (names) => `Auch unterschrieben von ${names}; diese Signaturen wurden nicht geprüft.`,
    unanswered: (why) => `Nicht geprüft: ${why}`,
  },

  faults: {
    form: "Was kam, ist kein Beweis, der sich lesen lässt.",
    key: "Was als Schlüssel des Logs kam, ist keiner.",
    differs: "Das Log hat an dieser Stelle ein anderes Ereignis als das hier gezeigte.",
    path: "Der Beweis führt nicht von diesem Ereignis zu dem, was das Log unterschrieben hat.",
    origin: "Der Beweis gilt für ein anderes Log.",
    unsigned: "Der Schlüssel des Logs hat ihn nicht unterschrieben.",
    signature: "Die Signatur des Logs ist falsch.",
    contradicted: "Der Beweis gilt für einen Verlauf, der nicht fortsetzt, was dieser Browser gesehen hat.",
  },

  log: {
    key: (fingerprint, since) => `Schlüssel des Logs ${fingerprint}, hier bekannt seit ${since}`,
    met: (fingerprint) =>
      `Dieser Browser hat den Schlüssel des Logs eben erst kennengelernt: ${fingerprint}. Er vertraut ihm von jetzt an und sagt es, falls er sich je ändert. Vergleiche ihn mit dem, den andere sehen.`,
    forgetful: "Dieser Browser behält nichts von dieser Seite; ein geänderter Schlüssel fiele beim nächsten Mal nicht auf.",
    none: "Das Log hat noch nichts unterschrieben. Versuche es gleich noch einmal.",
    first: (size) => `Das Log hat ${events(size)}. Von jetzt an bemerkt dieser Browser, wenn es eines davon zurücknimmt.`,
    same: (size) => `Das Log hat ${events(size)}, so viele wie bei der letzten Prüfung hier.`,
    grown: (from, size) =>
      `Das Log ist seit der letzten Prüfung hier von ${number(from)} auf ${events(size)} gewachsen, und nichts davor hat sich geändert.`,
    shrunk: (from, size) =>
      `Das Log zeigt ${events(size)}. Dieser Browser hat schon ${number(from)} gesehen, vom selben Schlüssel unterschrieben. Ein Teil des Verlaufs wurde zurückgenommen.`,
    rewritten: (from, size) =>
      `Der Verlauf mit ${ofEvents(size)} setzt nicht den mit ${number(from)} fort, den dieser Browser gesehen hat, vom selben Schlüssel unterschrieben. Er wurde umgeschrieben.`,
    whatNow: "Behalte die Daten dieses Browsers und sag es denen, die dieses Strongroom betreiben, bevor du weitermachst.",
    unlinked: (why) => `Es ließ sich nicht prüfen, ob das Log fortsetzt, was dieser Browser gesehen hat. ${why}`,
    noTiles: "Das Log hat nicht herausgegeben, was dafür nötig ist.",
    changedTitle: "Das Log hat einen anderen Schlüssel",
    changed:
      "Was jetzt der Schlüssel des Logs sein soll, ist nicht der, den dieser Browser kennt. Nichts wurde geprüft. Vielleicht zeigt dir jemand ein anderes Log.",
    was: "Hier bekannt",
    is: "Jetzt gezeigt",
    explain:
      "Dafür gibt es einen guten Grund: Wer dieses Strongroom betreibt, hat ein neues Log begonnen, etwa nach dem Einspielen einer alten Sicherung. Frag nach, und vergleiche den neuen Schlüssel auf einem anderen Weg als dieser Seite.",
    accept: "Dem neuen Schlüssel vertrauen",
  },

  then: {
    open: "Wie es war am …",
    title: "Wie es war",
    explain: "Zeigt deine Chats und Dateien, wie sie zu einer Zeit deiner Wahl waren.",
    label: "Tag und Uhrzeit",
    look: "Ansehen",
    future: "Das ist noch nicht gekommen.",
    invalid: "Wähle einen Tag und eine Uhrzeit.",
    banner: (when) => `Wie es war am ${when}`,
    reading: "Du kannst alles ansehen und nichts ändern. Was seither gelöscht wurde, erscheint nicht: Seine Schlüssel sind vernichtet.",
    back: "Zurück zu heute",
    chats: "Chats",
    files: "Dateien",
    toChats: "Alle Chats von damals",
    noChats: "Damals gab es keine Chats.",
    noFiles: "Damals gab es keine Dateien.",
    noMessages: "Darin stand noch nichts.",
    gone: "Diesen Chat gab es damals nicht, oder er wurde seither gelöscht.",
    older: "Frühere Nachrichten zeigen",
    more: "Mehr zeigen",
    fileForgotten: "Eine Datei, die seither gelöscht wurde",
    messages: "Nachrichten",
    things: "Was es damals gab",
  },
};
