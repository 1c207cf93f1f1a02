export const entrance = {
  promise: "A quiet place for your words, files and voice.",
  modes: { in: "Sign in", up: "Create an account", recover: "Use your recovery code" },
  toIn: "I have an account",
  toUp: "Create an account",
  toRecover: "Forgotten your password?",
  back: "Back to signing in",
  signIn: "Sign in",
  byPasskey: "Sign in with a passkey",
  signUp: "Create account",
  recover: "Set the new password",
  moment: "One moment…",
  language: "Language",

  ended: "Your session has ended. What you were writing is kept here; sign in to go on.",

  closed: "New accounts cannot be created here at the moment.",
  invitedHow: "Creating an account here takes an invitation. Whoever runs this Strongroom gives them out.",
  invitation: "Invitation",

  name: "Name",
  nameOrEmail: "Name or e-mail",
  email: "E-mail",
  password: "Password",
  newPassword: "New password",
  recoveryCode: "Recovery code",
  show: "Show the password",
  hide: "Hide the password",
  passwordRule: "At least 12 characters. It is the key to everything you keep here.",
  codeRule: "Eight groups of four. Dashes, spaces and small letters do not matter.",

  faults: {
    missing: "Please fill this in.",
    username: "3 to 64 letters and digits; dots, dashes and underscores may be among them.",
    email: "This does not look like an e-mail address.",
    length: "A password has 12 to 1,024 bytes: at least twelve plain letters.",
    code: "A recovery code has 32 letters and digits. Something is missing here, or too much.",
    invitation: "An invitation has 32 letters and digits. Something is missing here, or too much.",
    signIn: "Name and password do not fit together. Caps lock may be on.",
    recover: "Name and recovery code do not fit together. A code works once; was a newer one made?",
  },

  second: {
    title: "Second step",
    send: "Go on",
    back: "Back",
    totp: {
      how: "One more step: the code that your authenticator app shows now.",
      label: "Six-digit code",
      rule: "The code has six digits.",
      wrong: "This code does not hold. Each works once: wait for the next one. If none works, the clock of your device may be wrong.",
      instead: "Use the authenticator app instead",
    },
    passkey: {
      how: "One more step: confirm with a passkey of yours.",
      use: "Use a passkey",
      instead: "Use a passkey instead",
    },
    backup_code: {
      how: "One more step: one of the ten back-up codes that you have kept.",
      label: "Back-up code",
      rule: "A back-up code has ten letters and digits.",
      wrong: "This is none of your back-up codes, or it was used before. Each works once.",
      instead: "Use a back-up code instead",
    },
  },

  recoverHow:
    "With your recovery code you set a new password. The code is used up and a new one is shown. Everything that signs in to this account is closed: every session, the tokens of bots, passkeys that sign in by themselves.",
  withoutCode:
    "Without password and code nobody can open what you keep here, not even whoever runs this server. It stays closed for good.",

  strength: {
    label: "Strength of the password",
    levels: ["Too short", "Easy to guess", "Could be stronger", "Good", "Strong"],
    short: (missing: number) => (missing === 1 ? "One more character is needed." : `${missing} more characters are needed.`),
    long: "It is longer than can be kept. Take a shorter one.",
    fine: "Nothing more to do. Keep it in a password manager, or learn it well.",
    longer: "A word or two more makes it much harder to guess.",
    keys: "Neighbouring keys are among the first that are tried. Take words that have nothing to do with each other.",
    repeats: "Repeating adds little. Take several different words.",
    sequences: "Runs like abc or 321 are among the first that are tried. Leave them out.",
    dates: "Dates and years are easy to try out. Leave them out.",
    common: "This is like one of the commonest passwords. Take several words that do not belong together.",
    words: "A single word is quickly found. Take three or four that do not belong together.",
    names: "Names are easy to try out. Add words that have nothing to do with you.",
    yours: "Your own name or address is in it, which is the first that is tried.",
    tricks: "Capitals and numbers instead of letters hardly help. Another word does.",
  },

  code: {
    title: "Your recovery code",
    titleNew: "Your new recovery code",
    why: "If you forget your password, this code is the only other way in. It is shown this once; nobody can show it again, not even whoever runs this server.",
    replaces: "The old code does not work any more.",
    label: "The code",
    print: "Print",
    copyFailed: "It could not be copied. Select it and copy it by hand, or write it down.",
    kept: "I have kept it somewhere safe",
    first: "Tick the box once you have kept it.",
    goIn: "Go in",
    sheet: {
      title: "Recovery code for Strongroom",
      name: "User name",
      date: "Date",
      sentence: "Together with the user name this code opens everything kept there. Keep it where only you can find it.",
    },
  },

  backup: {
    title: "Your back-up codes",
    why: "If your authenticator or your passkey is lost, one of these codes stands in for it, beside your password. Each works once. They are shown only now; older ones do not work any more.",
    label: "The back-up codes",
    go: "Go on",
    sheet: {
      title: "Back-up codes for Strongroom",
      name: "User name",
      date: "Date",
      sentence: "Each of these codes stands in for the second step once. Without the password they open nothing.",
    },
  },

  erased: {
    title: "Erased",
    under: "Erasing…",
    text: "Your account is gone, and the keys to all you kept here are destroyed. Nobody can bring it back. What is left of it on the disk is being cleared away.",
    start: "To the start",
  },
};
