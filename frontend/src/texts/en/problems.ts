import type { OwnCode } from "../../api/problem";
import type { ProblemCode } from "../../api/types";

/** Every code that the server answers with, and the page's own: what happened, what is lost, what to do. */
type Codes = Record<ProblemCode | OwnCode, string>;

/** Why a file failed, or could not be looked into (docs/api.md, `error_code`). */
type FileCodes = Record<
  | "spool_missing"
  | "spool_broken"
  | "storage_full"
  | "processing_failed"
  | "media_unreadable"
  | "media_refused"
  | "media_too_large"
  | "media_too_slow"
  | "media_died",
  string
>;

const codes: Codes = {
  unreachable: "Strongroom cannot be reached. Nothing is lost; check your connection and try again.",
  unintelligible: "Something between you and Strongroom gave an answer that makes no sense. Nothing is lost; try again.",
  cancelled: "Stopped, as you asked.",
  passkey_cancelled: "That was stopped, or took too long. Nothing was changed; try again.",
  passkey_known: "There is a passkey of this account on the device already. It can be used as it is.",
  passkey_refused: "This passkey opens nothing here. Use another one, or sign in with your password.",
  passkey_impossible: "The browser cannot use a passkey here. Nothing was changed; take another way.",

  bad_credentials: "Your session has ended. Sign in again; what you were writing is kept here.",
  wrong_password: "That is not your password. Nothing was changed.",
  password_needed: "This passkey is right and cannot open your account by itself. Sign in with your password and it.",
  bad_passkey: "The passkey could not be added: it took too long, or was made for another page. Begin again.",
  passkey_taken: "This passkey is in use here already. Nothing was changed.",
  too_many_passkeys: "Your account has as many passkeys as it can have. Remove one that you do not use any more.",
  second_factor_required: "Your password is right. Show your second factor as well: a code, a back-up code or a passkey.",
  bad_code: "This code is wrong, or was used before. Nothing was changed; take the next one.",
  totp_set: "An authenticator is set up already, and stays as it is. Remove it before you set up another one.",
  no_second_factor: "There is no second factor that back-up codes could stand in for. Nothing was changed.",
  weak_password: "This password is too easy to guess. Take a longer one, several words for example.",
  username_taken: "Somebody has this name already. Choose another one.",
  registration_closed: "New accounts cannot be created here at the moment. Nothing was kept.",
  invitation_needed:
    "This invitation does not hold: it was used before, has run out, or was taken back. Ask for another one.",
  email_taken: "There is an account with this e-mail address already. Sign in, or take another address.",
  validation_failed: "Something here is not filled in as it should be. Nothing was sent off; mend it and try again.",
  rate_limited: "That was tried too often from here. Nothing is locked and nothing is lost.",
  two_credentials: "Two different ways of signing in came at once. Nothing was changed; reload the page and sign in.",
  cross_site: "The request seemed to come from another site, so nothing was done. Reload the page and try again.",
  cookie_needs_https: "Signing in needs a secure connection. Open this page with https:// in its address.",
  origin_unknown: "Passkeys are not set up on this server. Whoever runs it has to set its public address.",

  busy: "Strongroom has too much to do just now. Nothing is lost; try again in a moment.",
  conflict: "The same thing was being changed elsewhere. Your change was not made; try again.",
  internal_error: "Something failed inside Strongroom. What it acknowledged before is safe; try again.",
  invalid_request: "Strongroom did not understand the request, and did nothing. Reload the page and try again.",
  method_not_allowed: "Strongroom does not do that here, and changed nothing. Reload the page and try again.",
  unsupported_media_type: "Strongroom does not take this kind of content here. Nothing was stored; reload and try again.",
  body_incomplete: "The connection broke before everything had arrived. Nothing of it was stored; try again.",
  body_too_large: "That is too much at once, and nothing of it was stored. Make it shorter or send it as a file.",
  not_found: "It is not there, or not there any more.",
  idempotency_key_reused: "This was sent once before with other content. Nothing was changed; try again.",

  empty_message: "There are neither words nor files in the message, so it was not sent.",
  message_id_taken: "Another message has taken this one's place. Your text is still here; send it again.",
  status_backwards: "The message is further on already. Nothing was changed.",
  too_many_tokens: "You have as many tokens as there can be. Revoke one that you do not need any more.",
  not_allowed: "This token may not do that. Nothing was changed.",
  session_needed: "Tokens may not do that. Sign in, and do it yourself.",
  too_many_changes: "This has been changed too many times to change it again. It stays as it is, and can be deleted.",
  unknown_file: "A file of this message is not there any more. Take it off the message and send again.",

  no_files: "There was no file in what was sent. Choose one and try again.",
  too_many_files: "Those are too many files for one message. None was stored; send them a few at a time.",
  file_too_large: "The file is larger than this Strongroom takes. It was not stored; what you have of it is untouched.",
  quota_exceeded: "Your space here is full, so it was not stored. Delete something you do not need and try again.",
  storage_full: "Strongroom's disk is full, so it was not stored. Keep your copy; whoever runs it must make room.",
  range_not_satisfiable: "The file ends before the part that was asked for. The file is unharmed; start it from the front.",
  not_ready: "The file is still being sealed. It will be there in a moment.",
  not_retryable: "The file is stored already. There is nothing to do.",
  processing_failed: "The file arrived and could not be stored. Retry it, or send it once more.",
  no_rendition: "There is no preview of this file. The file itself is unharmed and can be downloaded.",
  no_transcript: "Nothing was written down from this recording. The recording itself is unharmed.",

  checksum_mismatch: "Part of the file was changed on its way. That part was not kept; the upload goes on from before it.",
  offset_conflict: "The upload stands elsewhere than this page thought. Retry it; it goes on from what has arrived.",
  already_under_way: "One of these is under way already. Wait until it has ended, or stop it where you started it.",
  not_empty: "An export can only be brought into an account with no chats and files. This one has some.",
  bad_export: "This is not a whole export of a Strongroom. Nothing that was here has changed.",
  export_too_new: "This export was made by a newer Strongroom than this one. Nothing came in; whoever runs this one can update it.",
  too_many_uploads: "Too many uploads are unfinished. Finish or cancel some of them, then try again.",
  unsupported_tus_version: "This page and Strongroom do not agree on how to upload. Reload the page; the file stays yours.",
  upload_interrupted: "The connection broke during the upload. What arrived is kept, and it goes on from there.",
  upload_joined: "This upload is put together from others and takes nothing more. Send the file once more.",
  upload_locked: "The upload is busy elsewhere, or just being finished. What arrived is kept.",
  upload_taken_over: "The upload goes on in another tab or on another connection. What arrived is kept.",
  upload_unfinished: "Not all parts of the file have arrived. What arrived is kept; go on with the upload.",
  too_many_streams: "Too many pages of yours are listening for news. This one looks for it every few seconds instead.",
};

const files: FileCodes = {
  spool_missing: "What was uploaded is not there any more, so the file was not stored. Send it once more.",
  spool_broken: "What was uploaded was damaged before it was stored. Send it once more.",
  storage_full: "Strongroom's disk was full. What you uploaded is kept; retry when there is room.",
  processing_failed: "Storing it failed. What you uploaded is kept; retry.",
  media_unreadable: "It is stored whole. It could not be read as sound or picture, so there is no preview.",
  media_refused: "It is stored whole. Its format is never opened here, so there is no preview.",
  media_too_large: "It is stored whole. It is too large to be opened for a preview.",
  media_too_slow: "It is stored whole. Making a preview took too long and was given up.",
  media_died: "It is stored whole. Making a preview failed.",
};

/** 40 → "40 seconds", 61 → "2 minutes": rounded up, so that nobody comes too early. */
function wait(seconds: number): string {
  const count = (value: number, unit: string) => `${value} ${unit}${value === 1 ? "" : "s"}`;
  if (seconds <= 59) return count(Math.max(1, Math.ceil(seconds)), "second");
  if (seconds <= 90 * 60) return count(Math.ceil(seconds / 60), "minute");
  return count(Math.ceil(seconds / 3600), "hour");
}

export const problems = {
  unknown: "Something went wrong in this page. What was acknowledged is safe; try again, or reload the page.",
  again: (seconds: number) => `Try again in ${wait(seconds)}.`,
  codes,
  files,
};
