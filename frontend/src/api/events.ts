/** What `GET /stream` tells: one object for each event of the log, opened (docs/api.md, Live updates). */

import type { FileKind, Message, MessageStatus } from "./types";

interface Told {
  position: number;
  at: string;
  forgotten?: true; // what was private in it cannot be opened any more
}

interface FileTold extends Told {
  file_id: string;
  status: "processing" | "ready" | "error" | "deleted";
}

interface MessageTold extends Told {
  message_id: string;
  status: MessageStatus;
}

/** By the event's type. */
export interface Events {
  UserRegistered: Told;
  RecoveryCodeIssued: Told;
  PasswordChanged: Told;
  EmailChanged: Told;
  TotpEnabled: Told;
  TotpDisabled: Told;
  BackupCodesIssued: Told;
  BackupCodeUsed: Told;
  PasskeyAdded: Told & { passkey: string; opens: boolean };
  PasskeyRemoved: Told & { passkey: string };
  SessionOpened: Told & { session_id: string };
  SessionClosed: Told & { session_id: string };
  ApiTokenIssued: Told & { token_id: string };
  ApiTokenUsed: Told & { token_id: string };
  ApiTokenRevoked: Told & { token_id: string };
  DataExported: Told & { export_id: string };
  DataImported: Told;
  ChatStarted: Told & { chat_id: string; title?: string };
  ChatRenamed: Told & { chat_id: string; title?: string };
  ChatDeleted: Told & { chat_id: string };
  ChatErased: Told & { chat_id: string };
  MessageSent: MessageTold & Pick<Message, "chat_id" | "role" | "content_type"> & { file_ids: string[]; content?: string };
  MessageDelivered: MessageTold;
  MessageRead: MessageTold;
  MessageFailed: MessageTold & { error_code: string };
  FileUploaded: FileTold & { kind: FileKind; chat_id: string | null; message_id: string | null };
  FileStored: FileTold;
  FileFailed: FileTold & { error_code: string };
  FileRetried: FileTold;
  FileDeleted: FileTold;
  FileErased: FileTold;
  AudioAnalysed: FileTold;
  ImageAnalysed: FileTold;
  AudioTranscribed: FileTold;
  AnalysisFailed: FileTold & { error_code: string };
}

export type EventType = keyof Events;
export const EVENT_TYPES = [
  "UserRegistered", "RecoveryCodeIssued", "PasswordChanged", "SessionOpened", "SessionClosed",
  "EmailChanged", "TotpEnabled", "TotpDisabled", "BackupCodesIssued", "BackupCodeUsed", "PasskeyAdded", "PasskeyRemoved",
  "ApiTokenIssued", "ApiTokenUsed", "ApiTokenRevoked", "DataExported", "DataImported", "ChatErased", "FileErased",
  "ChatStarted", "ChatRenamed", "ChatDeleted", "MessageSent", "MessageDelivered", "MessageRead", "MessageFailed",
  "FileUploaded", "FileStored", "FileFailed", "FileRetried", "FileDeleted",
  "AudioAnalysed", "ImageAnalysed", "AudioTranscribed", "AnalysisFailed",
] as const satisfies readonly EventType[];

/** One event, with its type beside it. */
export type LiveEvent = { [Type in EventType]: { type: Type; data: Events[Type] } }[EventType];

export interface Progress {
  file_id: string;
  progress: number; // 0 to 1
}

/** How a stream ends for good, or for now (`shutdown`). */
export type EndReason = "closed" | "expired" | "erased" | "shutdown";
