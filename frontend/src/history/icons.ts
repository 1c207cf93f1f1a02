/** A picture for each type of event. */

import AudioLines from "@lucide/svelte/icons/audio-lines";
import Check from "@lucide/svelte/icons/check";
import CheckCheck from "@lucide/svelte/icons/check-check";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import Circle from "@lucide/svelte/icons/circle";
import FileUp from "@lucide/svelte/icons/file-up";
import Image from "@lucide/svelte/icons/image";
import KeyRound from "@lucide/svelte/icons/key-round";
import LifeBuoy from "@lucide/svelte/icons/life-buoy";
import LockKeyhole from "@lucide/svelte/icons/lock-keyhole";
import LogIn from "@lucide/svelte/icons/log-in";
import LogOut from "@lucide/svelte/icons/log-out";
import MessageSquare from "@lucide/svelte/icons/message-square";
import MessagesSquare from "@lucide/svelte/icons/messages-square";
import Pencil from "@lucide/svelte/icons/pencil";
import RotateCw from "@lucide/svelte/icons/rotate-cw";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import Trash from "@lucide/svelte/icons/trash";
import UserRound from "@lucide/svelte/icons/user-round";

const ICONS: Record<string, typeof Check> = {
  UserRegistered: UserRound,
  PasswordChanged: KeyRound,
  RecoveryCodeIssued: LifeBuoy,
  ErasureRequested: Trash,
  AccountErased: Trash,
  SessionOpened: LogIn,
  SessionClosed: LogOut,
  ChatStarted: MessagesSquare,
  ChatRenamed: Pencil,
  ChatDeleted: Trash,
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
};

export function iconOf(type: string): typeof Check {
  return ICONS[type] ?? Circle;
}
