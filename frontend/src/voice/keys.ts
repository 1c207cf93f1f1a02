/** Whether the key is Escape, and nothing that lies above (a dialog, a menu) is closed by it. */
export function escaped(event: KeyboardEvent): boolean {
  return event.key === "Escape" && !event.defaultPrevented && document.querySelector("dialog[open], :popover-open") === null;
}

/** Puts the keyboard where one would go on, when the place it was in has gone. */
export function focused(element: HTMLElement): void {
  element.focus();
}
