const number = (value: number) => value.toLocaleString("en");
const events = (count: number) => (count === 1 ? "1 event" : `${number(count)} events`);

export const history = {
  title: "History",
  intro: "Everything that ever happened to what is yours, as it stands in the log. Nothing in it can be changed unnoticed.",
  none: "Nothing has happened here yet.",
  noneOfKind: "Nothing of this kind so far.",
  showAll: "Show everything",
  more: "Show earlier ones",
  ofOne: (name: string) => `Only what happened to ${name}`,
  ofForgotten: "Only what happened to something that was deleted",
  groups: { label: "Show", all: "Everything", chats: "Chats", files: "Files", access: "Access" },
  forgotten: "forgotten",
  untitled: "Chat without a name",

  /** A sentence for each type of event. */
  events: {
    UserRegistered: "Your account was made.",
    PasswordChanged: "Your password was changed.",
    RecoveryCodeIssued: "A recovery code was issued.",
    ErasureRequested: "You had your account erased.",
    AccountErased: "Your account was erased.",
    SessionOpened: "You signed in.",
    SessionClosed: "A session of yours ended.",
    ChatStarted: "A chat was begun.",
    ChatRenamed: "A chat was renamed.",
    ChatDeleted: "A chat was deleted and its key destroyed.",
    MessageSent: "A message was sent.",
    MessageDelivered: "A message was delivered.",
    MessageRead: "A message was read.",
    MessageFailed: "A message could not be delivered.",
    FileUploaded: "A file arrived.",
    FileStored: "A file was sealed and stored.",
    AudioAnalysed: "A recording was looked into.",
    ImageAnalysed: "A picture was looked into.",
    AudioTranscribed: "A recording was written down.",
    AnalysisFailed: "A file is stored, but could not be looked into.",
    FileFailed: "A file could not be stored.",
    FileRetried: "A file was tried again.",
    FileDeleted: "A file was deleted and its key destroyed.",
  },
  /** Where the log tells more: who wrote, why a session ended, what arrived. */
  said: {
    MessageSent: { user: "You wrote a message.", assistant: "The assistant wrote a message.", system: "The system wrote a message." },
    SessionClosed: {
      logout: "You signed out.",
      closed: "You ended a session.",
      expired: "A session of yours expired.",
      lost: "A session of yours ended, for its key was missing.",
      password: "A session of yours ended with your old password.",
    },
    FileUploaded: { file: "A file arrived.", audio: "A recording arrived." },
  },
  unknown: "Something happened that this page does not know yet.",

  details: {
    of: (sentence: string, position: number) => `Details: ${sentence} Number ${number(position)}`,
    position: "Number in the log",
    when: "Time",
    type: "Type",
    stream: "Happened to",
    version: "Number among its events",
    sealed: "Sealed content",
    nothingSealed: "none",
    bytes: (count: number) => `${number(count)} bytes`,
    key: "Key",
    open: "In clear",
    then: "Look at how it was then",
    proof: "Save the proof",
  },

  verify: {
    one: "Verify",
    all: (count: number) => `Verify ${events(count)}`,
    running: (done: number, all: number) => `Verifying ${number(done)} of ${number(all)}`,
    busy: "Verifying",
    insecure: "This browser checks signatures on secure pages only. Open this page with https:// in its address to verify.",
    allHold: (count: number) => `${events(count)} verified. Each is in the log as it is shown here.`,
    someNot: (wrong: number, all: number) => `${number(wrong)} of ${events(all)} did not stand the check.`,
    someUnanswered: (count: number) => `${events(count)} could not be checked just now.`,
    holds: (index: number, size: number) =>
      `Verified: it is number ${number(index)} of the ${number(size)} events that the log has signed.`,
    unsigned: (size: number) =>
      `It is in the log of ${events(size)}. This browser cannot check Ed25519 signatures, so who signed the log was not checked.`,
    cosigned: (names: string) => `Also signed by ${names}; these signatures were not checked.`,
    unanswered: (why: string) => `Not checked: ${why}`,
  },

  /** What exactly did not fit. */
  faults: {
    form: "What came is not a proof that can be read.",
    key: "What came as the log's key is none.",
    differs: "The log has another event in this place than the one shown here.",
    path: "The proof does not lead from this event to what the log has signed.",
    origin: "The proof is against another log.",
    unsigned: "The log's key has not signed it.",
    signature: "The log's signature is wrong.",
    contradicted: "The proof is against a history that does not continue what this browser has seen.",
  },

  log: {
    key: (fingerprint: string, since: string) => `Log key ${fingerprint}, known here since ${since}`,
    met: (fingerprint: string) =>
      `This browser met the log's key just now: ${fingerprint}. It trusts it from here on, and says so if it ever changes. Compare it with what others see.`,
    forgetful: "This browser keeps nothing of this page, so a changed key would go unnoticed next time.",
    none: "The log has not signed anything yet. Try again in a moment.",
    first: (size: number) => `The log has ${events(size)}. From now on this browser notices if it takes any of them back.`,
    same: (size: number) => `The log has ${events(size)}, the same as when it was last checked here.`,
    grown: (from: number, size: number) =>
      `The log has grown from ${number(from)} to ${events(size)} since it was last checked here, and nothing before has changed.`,
    shrunk: (from: number, size: number) =>
      `The log shows ${events(size)}. This browser has seen ${number(from)}, signed by the same key. Part of the history was taken back.`,
    rewritten: (from: number, size: number) =>
      `The history of ${events(size)} does not continue the one of ${number(from)} that this browser has seen, signed by the same key. It was rewritten.`,
    whatNow: "Keep this browser's data, and tell whoever runs this Strongroom before you go on.",
    unlinked: (why: string) => `It could not be checked whether the log continues what this browser has seen. ${why}`,
    noTiles: "The log did not hand out what is needed for it.",
    changedTitle: "The log has another key",
    changed:
      "What is said to be the log's key is not the one this browser knows. Nothing was verified. Somebody may be showing you another log.",
    was: "Known here",
    is: "Shown now",
    explain:
      "There is one good reason: whoever runs this Strongroom has begun a new log, after restoring an old backup for example. Ask them, and compare the new key by another way than this page.",
    accept: "Trust the new key",
  },

  then: {
    open: "As it was on …",
    title: "As it was",
    explain: "Shows your chats and files as they stood at a time that you choose.",
    label: "Day and time",
    look: "Look",
    future: "That has not come yet.",
    invalid: "Choose a day and a time.",
    banner: (when: string) => `As it was on ${when}`,
    reading: "You can look, and change nothing. What was deleted since is not shown: its keys are gone.",
    back: "Back to today",
    chats: "Chats",
    files: "Files",
    toChats: "All chats of then",
    noChats: "There were no chats then.",
    noFiles: "There were no files then.",
    noMessages: "Nothing was written in it yet.",
    gone: "This chat was not there then, or was deleted since.",
    older: "Show earlier messages",
    more: "Show more",
    fileForgotten: "A file that was deleted since",
    messages: "Messages",
    things: "Things of then",
  },
};
