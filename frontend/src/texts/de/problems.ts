import type { Catalogue } from "../texts.svelte";

/** 40 → "40 Sekunden", 61 → "2 Minuten": aufgerundet, damit niemand zu früh kommt. */
function wait(seconds: number): string {
  const count = (value: number, unit: string) => `${value} ${unit}${value === 1 ? "" : "n"}`;
  if (seconds <= 59) return count(Math.max(1, Math.ceil(seconds)), "Sekunde");
  if (seconds <= 90 * 60) return count(Math.ceil(seconds / 60), "Minute");
  return count(Math.ceil(seconds / 3600), "Stunde");
}

export const problems: Catalogue["problems"] = {
  unknown:
    "Auf dieser Seite ist etwas schiefgegangen. Was bestätigt wurde, ist sicher; versuch es noch einmal oder lade die Seite neu.",
  again: (seconds) => `Versuch es in ${wait(seconds)} noch einmal.`,
  codes: {
    unreachable:
      "Strongroom ist nicht zu erreichen. Es ist nichts verloren; prüf deine Verbindung und versuch es noch einmal.",
    unintelligible:
      "Zwischen dir und Strongroom hat etwas eine unverständliche Antwort gegeben. Es ist nichts verloren; versuch es noch einmal.",
    cancelled: "Angehalten, wie gewünscht.",
    passkey_cancelled: "Das wurde abgebrochen oder dauerte zu lange. Es wurde nichts geändert; versuch es noch einmal.",
    passkey_known: "Auf dem Gerät gibt es schon einen Passkey für dieses Konto. Er gilt, wie er ist.",
    passkey_refused: "Dieser Passkey öffnet hier nichts. Nimm einen anderen, oder melde dich mit deinem Passwort an.",
    passkey_impossible:
      "Der Browser kann hier keinen Passkey benutzen. Es wurde nichts geändert; nimm einen anderen Weg.",

    bad_credentials: "Deine Sitzung ist beendet. Melde dich wieder an; was du geschrieben hast, bleibt hier.",
    wrong_password: "Das ist nicht dein Passwort. Es wurde nichts geändert.",
    password_needed:
      "Dieser Passkey stimmt, kann dein Konto aber nicht allein öffnen. Melde dich mit deinem Passwort und ihm an.",
    bad_passkey:
      "Der Passkey konnte nicht hinzugefügt werden: Es hat zu lange gedauert, oder er gehört zu einer anderen Seite.",
    passkey_taken: "Dieser Passkey wird hier schon verwendet. Es wurde nichts geändert.",
    too_many_passkeys: "Dein Konto hat so viele Passkeys, wie es haben kann. Entferne einen, den du nicht mehr nutzt.",
    second_factor_required:
      "Dein Passwort stimmt. Zeig auch deinen zweiten Faktor: einen Code, einen Ersatzcode oder einen Passkey.",
    bad_code: "Dieser Code ist falsch oder schon benutzt. Es wurde nichts geändert; nimm den nächsten.",
    totp_set: "Es ist schon eine Authenticator-App eingerichtet, und sie gilt weiter. Entfern sie, bevor du eine andere einrichtest.",
    no_second_factor: "Es gibt keinen zweiten Faktor, für den Ersatzcodes einspringen könnten. Es wurde nichts geändert.",
    weak_password: "Dieses Passwort ist zu leicht zu erraten. Nimm ein längeres, zum Beispiel mehrere Wörter.",
    username_taken: "Diesen Namen hat schon jemand. Wähl einen anderen.",
    registration_closed: "Neue Konten können hier zurzeit nicht angelegt werden. Es wurde nichts behalten.",
    invitation_needed:
      "Diese Einladung gilt nicht: Sie wurde schon benutzt, ist abgelaufen oder zurückgenommen. Bitte um eine andere.",
    email_taken: "Zu dieser E-Mail-Adresse gibt es schon ein Konto. Melde dich an oder nimm eine andere Adresse.",
    validation_failed:
      "Hier ist etwas nicht richtig ausgefüllt. Es wurde nichts übernommen; verbessere es und versuch es noch einmal.",
    rate_limited: "Das wurde von hier aus zu oft versucht. Es ist nichts gesperrt und nichts verloren.",
    two_credentials:
      "Zwei verschiedene Anmeldungen kamen zugleich. Es wurde nichts geändert; lade die Seite neu und melde dich an.",
    cross_site:
      "Die Anfrage schien von einer anderen Seite zu kommen, darum ist nichts geschehen. Lade die Seite neu und versuch es noch einmal.",
    cookie_needs_https:
      "Zum Anmelden braucht es eine sichere Verbindung. Öffne diese Seite mit https:// in der Adresse.",
    origin_unknown:
      "Passkeys sind auf diesem Server nicht eingerichtet. Wer ihn betreibt, muss seine öffentliche Adresse angeben.",

    busy: "Strongroom hat gerade zu viel zu tun. Es ist nichts verloren; versuch es gleich noch einmal.",
    conflict: "Dasselbe wurde gerade anderswo geändert. Deine Änderung wurde nicht übernommen; versuch es noch einmal.",
    internal_error:
      "In Strongroom ist etwas fehlgeschlagen. Was vorher bestätigt wurde, ist sicher; versuch es noch einmal.",
    invalid_request:
      "Strongroom hat die Anfrage nicht verstanden und nichts getan. Lade die Seite neu und versuch es noch einmal.",
    method_not_allowed:
      "Das geht hier nicht, und es wurde nichts geändert. Lade die Seite neu und versuch es noch einmal.",
    unsupported_media_type:
      "Diese Art von Inhalt geht hier nicht. Es wurde nichts gespeichert; lade die Seite neu und versuch es noch einmal.",
    body_incomplete:
      "Die Verbindung brach ab, bevor alles angekommen war. Davon wurde nichts gespeichert; versuch es noch einmal.",
    body_too_large:
      "Das ist zu viel auf einmal, es wurde nichts davon gespeichert. Kürz es oder schick es als Datei.",
    not_found: "Das gibt es nicht, oder nicht mehr.",
    idempotency_key_reused:
      "Das wurde schon einmal mit anderem Inhalt gesendet. Es wurde nichts geändert; versuch es noch einmal.",

    empty_message: "Die Nachricht hat weder Worte noch Dateien und wurde darum nicht gesendet.",
    message_id_taken:
      "Eine andere Nachricht steht schon an dieser Stelle. Dein Text ist noch hier; schick ihn noch einmal.",
    status_backwards: "Die Nachricht ist schon weiter. Es wurde nichts geändert.",
    too_many_tokens: "Du hast so viele Tokens, wie es geben kann. Widerruf eines, das du nicht mehr brauchst.",
    not_allowed: "Dieses Token darf das nicht. Es wurde nichts geändert.",
    session_needed: "Tokens dürfen das nicht. Melde dich an und tu es selbst.",
    too_many_changes: "Das wurde zu oft geändert und bleibt nun, wie es ist. Löschen lässt es sich jederzeit.",
    unknown_file:
      "Eine Datei dieser Nachricht gibt es nicht mehr. Nimm sie aus der Nachricht und schick sie noch einmal.",

    no_files: "In dem, was gesendet wurde, war keine Datei. Wähl eine aus und versuch es noch einmal.",
    too_many_files:
      "Das sind zu viele Dateien für eine Nachricht. Es wurde keine gespeichert; schick sie in kleineren Mengen.",
    file_too_large:
      "Die Datei ist größer, als dieses Strongroom annimmt. Sie wurde nicht gespeichert; deine eigene ist unberührt.",
    quota_exceeded:
      "Dein Platz hier ist voll, darum wurde es nicht gespeichert. Lösch etwas, das du nicht brauchst, und versuch es noch einmal.",
    storage_full:
      "Strongrooms Speicher ist voll, darum wurde es nicht gespeichert. Behalte deine Kopie; wer es betreibt, muss Platz schaffen.",
    range_not_satisfiable:
      "Die Datei endet vor dem Teil, der gefragt war. Sie ist unversehrt; fang von vorn an.",
    not_ready: "Die Datei wird noch versiegelt. Gleich ist sie da.",
    not_retryable: "Die Datei ist schon gespeichert. Es ist nichts zu tun.",
    processing_failed:
      "Die Datei ist angekommen, ließ sich aber nicht speichern. Versuch es noch einmal oder schick sie neu.",
    no_rendition: "Von dieser Datei gibt es keine Vorschau. Sie selbst ist unversehrt und lässt sich herunterladen.",
    no_transcript: "Zu dieser Aufnahme wurde nichts mitgeschrieben. Sie selbst ist unversehrt.",

    checksum_mismatch:
      "Ein Teil der Datei wurde unterwegs verändert und nicht behalten. Es geht davor weiter.",
    offset_conflict:
      "Der Upload steht anderswo, als diese Seite dachte. Versuch es noch einmal; es geht ab dem Angekommenen weiter.",
    already_under_way:
      "Das läuft schon einmal. Warte, bis es zu Ende ist, oder brich es dort ab, wo du es begonnen hast.",
    not_empty: "Ein Export lässt sich nur in ein Konto ohne Chats und Dateien holen. In diesem gibt es welche.",
    bad_export: "Das ist kein vollständiger Export eines Strongroom. Was hier war, ist unverändert.",
  export_too_new: "Dieser Export stammt von einem neueren Strongroom als diesem. Nichts kam herein; wer dieses betreibt, kann es aktualisieren.",
    too_many_uploads:
      "Zu viele Uploads sind noch nicht fertig. Schließ einige ab oder brich sie ab, dann versuch es noch einmal.",
    unsupported_tus_version:
      "Diese Seite und Strongroom sind sich über das Hochladen nicht einig. Lade die Seite neu; die Datei bleibt dir.",
    upload_interrupted:
      "Die Verbindung brach beim Hochladen ab. Was angekommen ist, bleibt, und von da geht es weiter.",
    upload_joined:
      "Dieser Upload ist aus anderen zusammengesetzt und nimmt nichts mehr an. Schick die Datei noch einmal.",
    upload_locked: "Der Upload ist anderswo in Arbeit oder wird gerade fertig. Was angekommen ist, bleibt.",
    upload_taken_over:
      "Der Upload geht in einem anderen Tab oder über eine andere Verbindung weiter. Was angekommen ist, bleibt.",
    upload_unfinished: "Noch sind nicht alle Teile der Datei da. Was angekommen ist, bleibt; lade weiter hoch.",
    too_many_streams:
      "Zu viele deiner Seiten warten auf Neuigkeiten. Diese hier sieht stattdessen alle paar Sekunden nach.",
  },
  files: {
    spool_missing:
      "Was hochgeladen wurde, ist nicht mehr da; die Datei wurde nicht gespeichert. Schick sie noch einmal.",
    spool_broken: "Was hochgeladen wurde, war beschädigt, bevor es gespeichert war. Schick es noch einmal.",
    storage_full:
      "Strongrooms Speicher war voll. Was du hochgeladen hast, bleibt; versuch es wieder, wenn Platz ist.",
    processing_failed: "Das Speichern schlug fehl. Was du hochgeladen hast, bleibt; versuch es noch einmal.",
    media_unreadable:
      "Sie ist ganz gespeichert. Als Ton oder Bild ließ sie sich nicht lesen, darum gibt es keine Vorschau.",
    media_refused: "Sie ist ganz gespeichert. Ihr Format wird hier nie geöffnet, darum gibt es keine Vorschau.",
    media_too_large: "Sie ist ganz gespeichert. Für eine Vorschau ist sie zu groß.",
    media_too_slow: "Sie ist ganz gespeichert. Eine Vorschau zu machen dauerte zu lange und wurde aufgegeben.",
    media_died: "Sie ist ganz gespeichert. Eine Vorschau zu machen schlug fehl.",
  },
};
