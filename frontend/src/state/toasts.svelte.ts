/** Passing notes in the corner, for what needs no answer: "Copied", "Deleted · Undo". */

export interface Toast {
  id: number;
  text: string;
  action: { label: string; run: () => void } | null;
  forMs: number;
}

const SHOWN_MS = 6_000;

class Toasts {
  all = $state<Toast[]>([]);
  #last = 0;

  /** Gives the id by which it can be taken away before its time. */
  show(text: string, action: Toast["action"] = null, forMs = SHOWN_MS): number {
    const id = (this.#last += 1);
    this.all.push({ id, text, action, forMs });
    setTimeout(() => this.drop(id), forMs);
    return id;
  }

  drop(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
