/** What a screen reader is told in a message that is Markdown. */
export const markdown = { done: "Done", open: "To do", table: "Table", code: "Code" };
