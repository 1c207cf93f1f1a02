/** The wire contract, typed: every request that the page makes goes through here. */

const BASE = "/api/v1";
const TIMEOUT_MS = 15_000;

export interface User {
  id: string;
  username: string;
  email: string;
}

export interface Chat {
  chat_id: string;
  title: string; // "" for a chat without one
  created_at: string;
}

export type MessageStatus = "sent" | "delivered" | "read" | "error";

export interface Message {
  message_id: string;
  chat_id: string;
  role: "user" | "assistant" | "system";
  content: string;
  status: MessageStatus;
  created_at: string;
}

export interface StoredFile {
  file_id: string;
  kind: "file" | "audio";
  name: string;
  size_bytes: number;
  status: "processing" | "ready" | "error";
  error_code: string | null;
  progress: number | null;
  uploaded_at: string;
  audio: { duration_s: number; codec: string; has_transcript: boolean } | null;
  has_thumbnail: boolean;
}

export interface UserData {
  user: User;
  chats: Chat[];
  messages: Message[];
  files: StoredFile[];
  next_cursor: string | null;
}

export interface Outgoing {
  message_id: string;
  content: string;
  chat_id?: string;
}

interface Accepted {
  file_id: string;
}

interface UploadAnswer {
  files: Accepted[];
  rejected: { name: string; code: string; detail: string }[];
}

interface ProblemBody {
  title?: string;
  detail?: string;
  code?: string;
  errors?: { field: string; message: string }[];
}

/** A refusal by the server (RFC 9457), or `status` 0 where no answer came. `message` is fit to show. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: ReadonlyMap<string, string>;

  constructor(status: number, body: ProblemBody, retryAfter: string | null = null) {
    const wait = retryAfter === null ? "" : ` Try again in ${retryAfter} s.`;
    super((body.detail ?? body.title ?? "The server gave no reason.") + wait);
    this.status = status;
    this.code = body.code ?? "unknown";
    this.fields = new Map(body.errors?.map(({ field, message }) => [field, message]));
  }
}

let onSessionEnded = () => {};

/** Calls back when the server does not know who is asking. */
export function whenSessionEnds(callback: () => void): void {
  onSessionEnded = callback;
}

function refused(status: number, body: ProblemBody, retryAfter: string | null): Problem {
  const problem = new Problem(status, body, retryAfter);
  if (status === 401) onSessionEnded();
  return problem;
}

function unreachable(): Problem {
  return new Problem(0, {
    code: "unreachable",
    detail: "Strongroom cannot be reached. What you entered is still here; try again.",
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a proxy's error page, say
  }
}

async function request<T>(method: string, path: string, body?: object, headers: HeadersInit = {}): Promise<T> {
  const options: RequestInit = {
    method,
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  if (body) options.body = JSON.stringify(body);
  let response: Response;
  let text: string;
  try {
    response = await fetch(BASE + path, options);
    text = await response.text();
  } catch {
    throw unreachable();
  }
  if (!response.ok) {
    throw refused(response.status, parse(text) as ProblemBody, response.headers.get("Retry-After"));
  }
  return parse(text) as T;
}

export function register(username: string, email: string, password: string) {
  const body = { username, email, password, cookie: true };
  return request<{ user: User; recovery_code: string }>("POST", "/auth/register", body);
}

export function login(username: string, password: string) {
  return request<{ user: User }>("POST", "/auth/login", { username, password, cookie: true });
}

export function logout() {
  return request<unknown>("POST", "/auth/logout");
}

export function chats() {
  return request<UserData>("GET", "/user/data?include=chats&order=desc&limit=200");
}

export function messages(chatId: string, cursor: string | null) {
  const query = new URLSearchParams({ include: "messages", chat_id: chatId, order: "desc", limit: "50" });
  if (cursor !== null) query.set("cursor", cursor);
  return request<UserData>("GET", `/user/data?${query}`);
}

export function files() {
  return request<UserData>("GET", "/user/data?include=files&order=desc&limit=200");
}

/** Sending again with the same id cannot store the message twice. */
export function sendMessage(message: Outgoing) {
  type Sent = Pick<Message, "message_id" | "chat_id" | "role" | "status" | "created_at">;
  return request<Sent>("POST", "/messages", message, { "Idempotency-Key": message.message_id });
}

export function retryFile(fileId: string) {
  return request<unknown>("POST", `/files/${fileId}/retry`);
}

export function contentAddress(fileId: string): string {
  return `${BASE}/files/${fileId}/content`;
}

/** A copy that shows its length and can be sought, where the original does not. */
export function playAddress(fileId: string): string {
  return `${contentAddress(fileId)}?disposition=inline&rendition=play`;
}

export function thumbnailAddress(fileId: string): string {
  return `${BASE}/files/${fileId}/thumbnail`;
}

export interface Transfer {
  id: string; // the same file sent again under the same id is kept once
  kind: "file" | "audio";
  file: File;
  chatId: string | null;
  signal: AbortSignal;
  onProgress: (sentShare: number) => void;
}

/** Sends one file and gives its id. XMLHttpRequest, because fetch tells nothing of a body on its way. */
export function upload({ id, kind, file, chatId, signal, onProgress }: Transfer): Promise<string> {
  const form = new FormData();
  if (chatId !== null) form.append("chat_id", chatId); // text fields stand before the files they speak of
  form.append("file", file, file.name);

  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", `${BASE}/upload/${kind === "audio" ? "audio" : "files"}`);
    xhr.setRequestHeader("Idempotency-Key", id);
    xhr.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 1 : loaded / total);
    xhr.onerror = () => reject(unreachable());
    xhr.onabort = () => reject(new Problem(0, { code: "cancelled", detail: "Cancelled." }));
    xhr.onload = () => {
      const answer = parse(xhr.responseText) as Partial<UploadAnswer> & ProblemBody;
      const accepted = answer.files?.[0];
      if (accepted) resolve(accepted.file_id);
      else reject(refused(xhr.status, answer.rejected?.[0] ?? answer, xhr.getResponseHeader("Retry-After")));
    };
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}
