/** What a file that can be opened gets from the shelf it stands on: one of all is reached by Tab, the arrows do the rest. */
export interface Opening {
  tabindex: 0 | -1;
  onclick: () => void;
  onkeydown: (event: KeyboardEvent) => void;
  onfocus: () => void;
}
