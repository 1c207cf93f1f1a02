/** A picture for each type of event. */

import AudioLines from "@lucide/svelte/icons/audio-lines";
import Bot from "@lucide/svelte/icons/bot";
import BotOff from "@lucide/svelte/icons/bot-off";
import Check from "@lucide/svelte/icons/check";
import CheckCheck from "@lucide/svelte/icons/check-check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import Circle from "@lucide/svelte/icons/circle";
import Download from "@lucide/svelte/icons/download";
import Eraser from "@lucide/svelte/icons/eraser";
import FileUp from "@lucide/svelte/icons/file-up";
import Fingerprint from "@lucide/svelte/icons/fingerprint-pattern";
import Image from "@lucide/svelte/icons/image";
import Import from "@lucide/svelte/icons/import";
import KeyRound from "@lucide/svelte/icons/key-round";
import LifeBuoy from "@lucide/svelte/icons/life-buoy";
import LockKeyhole from "@lucide/svelte/icons/lock-keyhole";
import LogIn from "@lucide/svelte/icons/log-in";
import LogOut from "@lucide/svelte/icons/log-out";
import Mail from "@lucide/svelte/icons/mail";
import MessageSquare from "@lucide/svelte/icons/message-square";
import MessagesSquare from "@lucide/svelte/icons/messages-square";
import Pencil from "@lucide/svelte/icons/pencil";
import RotateCw from "@lucide/svelte/icons/rotate-cw";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import Smartphone from "@lucide/svelte/icons/smartphone";
import Ticket from "@lucide/svelte/icons/ticket";
import Trash from "@lucide/svelte/icons/trash";
import UserRound from "@lucide/svelte/icons/user-round";

export const ICONS: Record<string, typeof Check> = {
  UserRegistered: UserRound,
  PasswordChanged: KeyRound,
  RecoveryCodeIssued: LifeBuoy,
  EmailChanged: Mail,
  TotpEnabled: Smartphone,
  TotpDisabled: Smartphone,
  BackupCodesIssued: Ticket,
  BackupCodeUsed: Ticket,
  PasskeyAdded: Fingerprint,
  PasskeyRemoved: Fingerprint,
  DataExported: Download,
  DataImported: Import,
  ErasureRequested: Trash,
  AccountErased: Eraser,
  SessionOpened: LogIn,
  SessionClosed: LogOut,
  ApiTokenIssued: Bot,
  ApiTokenUsed: Bot,
  ApiTokenRevoked: BotOff,
  ChatStarted: MessagesSquare,
  ChatRenamed: Pencil,
  ChatDeleted: Trash,
  ChatErased: Eraser,
  MessageSent: MessageSquare,
  MessageDelivered: Check,
  MessageRead: CheckCheck,
  MessageFailed: CircleAlert,
  FileUploaded: FileUp,
  FileStored: LockKeyhole,
  AudioAnalysed: AudioLines,
  ImageAnalysed: Image,
  AudioTranscribed: ScrollText,
  AnalysisFailed: CircleAlert,
  FileFailed: CircleAlert,
  FileRetried: RotateCw,
  FileDeleted: Trash,
  FileErased: Eraser,
};

export function iconOf(type: string): typeof Check {
  return (Object.hasOwn(ICONS, type) ? ICONS[type] : null) ?? Circle; // a type may be called `constructor`
}
