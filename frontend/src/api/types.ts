/** Names for what goes over the wire. The shapes are the server's: see schema.ts. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Mode = Schemas["RegistrationMode"]["mode"];
export type User = Schemas["UserView"];
export type Session = Schemas["Sessions"]["sessions"][number];
export type Factors = Schemas["Factors"];
export type Passkey = Schemas["PasskeyView"];
export type TotpOffer = Schemas["TotpOffer"];
export type NewCredential = Schemas["NewCredential"];
export type Assertion = Schemas["Assertion"];
export type Token = Schemas["TokenView"];
export type TokenIssued = Schemas["TokenIssued"];
export type ImportAnswer = Schemas["ImportAnswer"];
export type Chat = Schemas["ChatView"];
export type Message = Schemas["MessageView"];
export type StoredFile = Schemas["FileView"];
export type UserData = Schemas["UserDataAnswer"];
export type Transcript = Schemas["TranscriptAnswer"];
export type HistoryEvent = Schemas["EventView"];
export type ProblemBody = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];
export type MessageStatus = Message["status"];
export type FileKind = StoredFile["kind"];
