/** Where a key leads from the `index`th of `count` things in `columns`; null where it leads nowhere. */
export function step(event: KeyboardEvent, index: number, count: number, columns: number): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return null;
  const target = targetOf(event.key, index, count, columns);
  return target !== null && target >= 0 && target < count && target !== index ? target : null;
}

function targetOf(key: string, index: number, count: number, columns: number): number | null {
  switch (key) {
    case "ArrowRight":
      return columns > 1 ? index + 1 : null;
    case "ArrowLeft":
      return columns > 1 ? index - 1 : null;
    case "ArrowUp":
      return index - columns;
    case "ArrowDown": {
      const lastRow = Math.floor((count - 1) / columns);
      const below = index + columns;
      // Below the last but one row there may be nothing: then the last thing is the nearest.
      return below >= count && Math.floor(index / columns) < lastRow ? count - 1 : below;
    }
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
