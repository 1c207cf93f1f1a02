export const uploads = {
  title: "Uploads",
  show: "Show the uploads",
  fold: "Fold the uploads",
  summary: (kept: number, all: number, percent: number) => `${kept} of ${all} · ${percent} %`,
  sealing: (kept: number, all: number) => `${kept} of ${all} · sealing`,
  allKept: (count: number) => (count === 1 ? "1 file is kept" : `${count} files are kept`),
  someFailed: (failed: number, all: number) => `${failed} of ${all} not uploaded`,
  retryAll: "Retry all",
  clear: "Clear finished",
  offline: "Waiting for the connection. Nothing is lost; it goes on by itself.",

  waiting: {
    turn: "waiting for its turn",
    connection: "waiting for the connection",
    server: "waiting for the server",
  },
  ofAll: (sent: string, all: string) => `${sent} of ${all}`,
  rate: (perSecond: string) => `${perSecond}/s`,
  left: (time: string) => `${time} left`,
  percent: (percent: number) => `${percent} %`,
  beingSealed: "sealing",
  arriving: "arriving",
  paused: "paused",
  checking: "checking and encrypting",
  sealed: (percent: number) => `sealing · ${percent} %`,
  almost: "sealing · almost ready",
  missing: "The page was closed on the way. Choose the same file again, and it goes on where it stopped.",
  choose: "Choose the file",
  other: "That is another file. It needs the same name, size and date.",

  nameless: "A file",
  unknown: "It was taken off the uploads.",

  pause: (name: string) => `Pause ${name}`,
  resume: (name: string) => `Go on with ${name}`,
  cancel: (name: string) => `Cancel ${name}`,
  retry: (name: string) => `Retry ${name}`,
  hide: (name: string) => `Take ${name} off the list`,
  remove: (name: string) => `Take ${name} off the message`,
  transferring: (name: string) => `${name}, transferring`,
  processing: (name: string) => `${name}, being sealed`,

  toldKept: (name: string) => `${name} is kept.`,
  toldAllKept: (count: number) => `${count} files are kept.`,
  toldFailed: (name: string, problem: string) => `${name} was not uploaded. ${problem}`,
  toldMissing: (name: string) => `${name} has to be chosen again.`,

  drop: "Drop the files here",
  dropHow: "They are encrypted as they arrive.",
  folders: (count: number): string =>
    count === 1 ? "A folder cannot be uploaded. Drop the files in it." : "Folders cannot be uploaded. Drop the files in them.",

  /** By the problem's code, where the upload has something of its own to say. */
  refused: {
    file_too_large: "It is larger than this Strongroom takes. Your copy is untouched.",
    quota_exceeded: "Your space here is full. Delete something you do not need, then retry.",
    storage_full: "Strongroom's disk is full. Whoever runs it must make room; then retry.",
    not_found: "The chat it was meant for is gone. Add it to another one.",
    validation_failed: "Its name cannot be taken. Rename it and add it again.",
    unintelligible: "Something between you and Strongroom refused it. Retry, perhaps on another network.",
  },
};
