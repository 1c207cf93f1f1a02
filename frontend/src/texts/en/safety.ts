/** What stands in the account view for a second step, passkeys and sealing. */

export const safety = {
  factors: {
    title: "Second step",
    intro:
      "Something you have, besides the password that you know: whoever learns your password still does not get in. Recovering asks for it, too.",
    list: "Second step",
    app: "Authenticator app",
    on: "On: signing in asks for its code",
    off: "Off",
    setUp: "Set up",
    turnOff: "Turn off",
    codes: "Back-up codes",
    left: (count: number) =>
      count === 0 ? "None left. Make new ones." : count === 1 ? "One left" : `${count} left`,
    newCodes: "Make new ones",

    setup: {
      title: "Authenticator",
      how: "An app on your phone shows six digits that change every half minute. From then on signing in and recovering ask for them.",
      next: "Go on",
      scan: "Scan this with your authenticator app.",
      picture: "QR code with the secret for your authenticator app",
      openHere: "Open in the app on this device",
      byHand: "Or type the secret:",
      code: "The six digits that the app shows now",
      wrong: "These digits do not hold. Wait for the next ones; and look whether the clock of your device is right.",
      send: "Turn on",
    },
    without: {
      title: "Turn it off?",
      how: "Signing in then does not ask for its code any more.",
      code: "Code from the app, or a back-up code",
      rule: "A code from the app has six digits, a back-up code ten letters and digits.",
      send: "Turn off",
      done: "The authenticator is turned off.",
    },
    fresh: {
      title: "New back-up codes",
      how: "You get ten new ones. The old ones, used or not, then count no more.",
      send: "Make new codes",
    },
  },

  passkeys: {
    title: "Passkeys",
    intro: "Your fingerprint, your face or the PIN of a device or security key, instead of a code or even of the password.",
    list: "Passkeys",
    opens: "Signs in by itself, without the password",
    second: "Second step after the password",
    added: (when: string) => `Added ${when}`,
    used: (when: string) => `last used ${when}`,
    add: "Add a passkey",
    impossible: "This browser has no passkeys at this address. They need a secure connection and a name in the address.",
    how: "Your browser will ask you to confirm it with the device.",
    whether:
      "Where the device can, the passkey opens your things by itself. Where it cannot, it becomes the second step after your password.",
    name: "Name",
    send: "Go on",
    doneOpens: "The passkey is added. You can sign in with it alone.",
    doneSecond: "The passkey is added. Signing in asks for it after the password.",
    remove: "Remove",
    removeOf: (name: string) => `Remove the passkey ${name}`,
    removing: "Remove the passkey?",
    removeHow: "It does not open anything here any more. Your device may go on offering it; delete it there, too.",
    removeNow: "Remove",
  },

  seal: {
    title: "Seal now",
    intro:
      "Every device and every bot is out at once, this one too. Nothing is deleted; your password opens it again.",
    open: "Seal everything now",
  },

  email: {
    open: "Change the e-mail address",
    title: "E-mail address",
    how: "You sign in with the new one from then on, or with your user name as before. The old one is free for others.",
    fresh: "New e-mail address",
    send: "Change it",
    done: "Your e-mail address is changed.",
  },
};
