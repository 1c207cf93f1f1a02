export const common = {
  name: "Strongroom",
  close: "Close",
  cancel: "Cancel",
  retry: "Retry",
  undo: "Undo",
  save: "Save",
  delete: "Delete",
  download: "Download",
  copy: "Copy",
  copied: "Copied",
  more: "More",
  back: "Back",
  loading: "Loading",
  sealed: "Sealed",
  sealedHow:
    "It lies encrypted with AES-256 under a key that only your password or your recovery code opens. Strongroom opens it while it shows it to you, and keeps nothing open.",
  sealedVerify: "Look at its history and verify it",
  deleted: (count: number) =>
    count === 1 ? "Deleted. In a few seconds it cannot be undone." : `${count} deleted. In a few seconds it cannot be undone.`,
  notDeleted: (count: number, why: string) =>
    count === 1 ? `Not deleted, it is still there: ${why}` : `${count} were not deleted, they are still there: ${why}`,
  views: { chats: "Chats", files: "Files", history: "History", account: "Account", label: "Views" },
  skip: "Skip to the content",
  connection: {
    polling: "Live updates are interrupted. Looking for news every few seconds.",
    offline: "You are offline. What you write is kept here and sent when you are back.",
  },
  pasted: (when: string) => `Picture ${when}`,
  unreachable: "Strongroom cannot be reached.",
};
