/** What stands in the account view for tokens, for taking everything along, and for the proof that it is gone. */

const count = (number: number, one: string, many: string) => (number === 1 ? `1 ${one}` : `${number.toLocaleString("en")} ${many}`);

export const rights = {
  tokens: {
    title: "API tokens",
    intro:
      "For bots and programs: each signs in with a token of its own and never with your password, does what you allow here, and is out as soon as you revoke it.",
    list: "API tokens",
    none: "There is none.",
    kinds: { read_write: "Read and write", read: "Read", write: "Write only" },
    means: {
      read_write: "It does all that you can do here, except for what concerns the account itself.",
      read: "It sees everything you keep here, and changes nothing.",
      write: "It sends messages and files, also while you are away, and reads nothing, not even what it wrote.",
    },
    everywhere: "all chats",
    within: (titles: string, more: number) => (more === 0 ? `only ${titles}` : `only ${titles} and ${more} more`),
    quoted: (title: string) => `“${title}”`,
    unknownChat: "a chat that is gone",
    expires: (when: string) => `Expires ${when}`,
    used: (when: string) => `Last used about ${when}`,
    unused: "Never used",

    make: "Make a token",
    name: "Name",
    nameHint: "What it is for: you tell it by this from the others.",
    may: "It may",
    reaches: "In",
    all: "All chats",
    some: "Some chats only",
    find: "Find a chat",
    chats: "Chats",
    chosen: (number: number) => (number === 0 ? "None chosen yet" : count(number, "chat chosen", "chats chosen")),
    noneFound: "There is no such chat.",
    choose: "Choose at least one chat, and 100 at most.",
    untitled: "Chat without a name",
    lasts: "It lasts",
    days: { 30: "30 days", 90: "90 days", 365: "A year" },
    send: "Make the token",

    made: "Your new token",
    once: "It is shown this once. Whoever has it can do what it may: give it to the program that it is for, and to nobody else.",
    label: "The token",
    example: "For example",
    exampleHow: "With the token in a file that only you can read, token.txt:",
    kept: "I have kept it",
    notKept: "Once this is closed, nobody can show it again. Close it with the button below.",
    copyFailed: "It could not be copied. Select it and copy it by hand.",

    revoke: "Revoke",
    revokeOf: (name: string) => `Revoke the token ${name}`,
    revoking: "Revoke the token?",
    revokeHow: "Whatever signs in with it is out at once, and for good. What it wrote stays.",
    revoked: "The token is revoked.",
  },

  export: {
    title: "Take everything along",
    intro: "One ZIP with all that you keep here, to read without Strongroom, or to bring into another one.",
    what: "Chats, messages, files, recordings and what is known of them, as pages to read and as data; and your history with its proofs.",
    clear: "Nothing in it is encrypted. Whoever has the file can read all of it: keep it as you would keep a key.",
    start: "Download everything",
    asking: "Putting it together…",
    got: (bytes: string) => `${bytes} saved`,
    of: (bytes: string, all: string) => `${bytes} of about ${all}`,
    rate: (bytes: string) => `${bytes}/s`,
    left: (time: string) => `${time} left`,
    progress: "Saving the export",
    cancel: "Stop",
    done: (bytes: string) => `Saved whole, ${bytes}. Your history shows that it was asked for.`,
    handed: "Your browser saves it, and shows how far it is. A file without manifest.json in it was cut off: download it again.",
    stopped: "Stopped. Nothing was saved.",
    notWritten: "It could not be written there. Make room, or choose another place.",
  },

  import: {
    title: "Bring everything in",
    intro: "An export of this or another Strongroom, into an account with nothing in it yet.",
    choose: "Choose an export",
    checking: "All of it has arrived. The rest is being taken in…",
    progress: "Bringing in the export",
    cancel: "Stop",
    again: "Go on",
    other: "Choose another export",
    close: "Dismiss",
    stopped: "Stopped. What came until then is here. Sent again, the same export goes on from there, and nothing comes twice.",
    cut: "What came until then is here. Sent again, the same export goes on from there, and nothing comes twice.",
    details: "What exactly was wrong",
    done: (chats: number, messages: number, files: number) =>
      `Here: ${count(chats, "chat", "chats")}, ${count(messages, "message", "messages")} and ${count(files, "file", "files")}.`,
    nothing: "Nothing new was in it.",
    skipped: (number: number) =>
      number === 1
        ? "1 thing was left out: it was here already, was deleted since, or has no content in the export."
        : `${number.toLocaleString("en")} things were left out: they were here already, were deleted since, or have no content in the export.`,
    sealing: "The files are being sealed now.",
  },

  receipt: {
    offer: "This receipt, signed by the log, says that it was erased, and when. Keep it: nobody can sign in for it any more.",
    save: "Save the receipt",
    waiting: "The receipt is being signed…",
    late: "It is not finished and signed yet. Ask again in a while.",
    gone: "The log has no receipt of it.",
    lost: "The answer was lost on the way, so the receipt cannot be shown here.",
  },
};
