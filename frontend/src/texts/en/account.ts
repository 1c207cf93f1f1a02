import { rights } from "./rights";
import { safety } from "./safety";

const things = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

export const account = {
  title: "Account",
  signOut: "Sign out",
  failed: "It could not be shown.",
  yourPassword: "Your password",
  ...safety,
  ...rights,

  who: { title: "You", intro: "Your name and address. Nobody else here sees them.", name: "User name", email: "E-mail", since: "Here since" },

  sessions: {
    title: "Sessions",
    intro: "Every browser and program in which you are signed in, and from roughly where. What you close has to sign in again.",
    list: "Open sessions",
    client: (name: string | null, system: string | null) =>
      name === null ? (system === null ? "Something unknown" : `A browser on ${system}`) : system === null ? name : `${name} on ${system}`,
    seen: (when: string) => `Last seen about ${when}`,
    opened: (when: string) => `Signed in ${when}`,
    ends: (when: string) => `ends ${when}`,
    here: "this one",
    close: "Close",
    closeOf: (client: string, when: string) => `Close the session of ${client}, signed in ${when}`,
    closed: "The session is closed.",
    closeOthers: "Close all others",
    othersClosed: "All other sessions are closed.",
    everywhere: "Sign out everywhere",
  },

  password: {
    title: "Password",
    intro: "All other sessions are closed when it changes. What you keep here stays as it is.",
    current: "Current password",
    fresh: "New password",
    send: "Change the password",
    closeTokens: (count: number) => (count === 1 ? "Close the bot's token, too" : `Close the ${count} tokens of bots, too`),
    closePasskeys: (count: number) =>
      count === 1 ? "Remove the passkey that signs in by itself, too" : `Remove the ${count} passkeys that sign in by themselves, too`,
    done: "The password is changed. All other sessions are closed.",
    doneAll: "The password is changed. All other sessions are closed, and what you chose besides.",
  },

  code: {
    title: "Recovery code",
    intro: "The way back in, should you forget your password. If you have lost it, or somebody else may have seen it, make a new one; the old one then stops working.",
    password: "Your password",
    send: "Make a new code",
  },

  appearance: {
    title: "Appearance",
    intro: "For this browser only.",
    theme: "Theme",
    themes: { system: "As the device", light: "Light", dark: "Dark" },
    language: "Language",
  },

  erase: {
    title: "Erase everything",
    intro: "Ends your account and destroys the keys to all you keep here.",
    open: "Erase my account",
    gone: "Messages, files, recordings and their transcripts cannot be opened any more, by anybody, the moment you confirm. There is no way back, and no time to think it over. Download first what you want to keep.",
    closed: "Every session is closed. Your name and your e-mail address are free again.",
    stays: "What stays is the shape of the log: that something happened, when, and how large it was, sealed and without a key. Backups that the operator made before may still hold your keys for as long as they are kept; your password still guards them there.",
    confirm: (name: string) => `Type ${name} to confirm`,
    differs: (name: string) => `This is not ${name}.`,
    password: "Your password",
    send: "Erase everything for good",
  },

  leaving: {
    titles: { here: "Sign out?", everywhere: "Sign out everywhere?", seal: "Seal now?" },
    means: {
      everywhere: "Every browser and program in which you are signed in has to sign in again, this one too. Bots keep their tokens.",
      seal: "Every device and every bot is out at once, this browser too, and every token is void for good. You come back with your password.",
    },
    onlyHere: "These are only in this browser and are lost with it:",
    messages: (count: number) => things(count, "message that was not sent", "messages that were not sent"),
    uploads: (count: number) => things(count, "upload that is not finished", "uploads that are not finished"),
    recordings: (count: number) => things(count, "recording that was not sent", "recordings that were not sent"),
    drafts: (count: number) => things(count, "draft", "drafts"),
    stay: "Stay",
    sends: { here: "Sign out", everywhere: "Sign out", seal: "Seal now" },
    sendsAndLoses: { here: "Sign out and lose them", everywhere: "Sign out and lose them", seal: "Seal now and lose them" },
    failed: {
      here: "You are still signed in.",
      everywhere: "You are still signed in.",
      seal: "It may not be sealed.",
    },
  },
};
