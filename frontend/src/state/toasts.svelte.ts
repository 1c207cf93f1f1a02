/** Passing notes in the corner, for what needs no answer: "Copied", "Deleted · Undo". */

export interface Toast {
  id: number;
  text: string;
  action: { label: string; run: () => void } | null;
  forMs: number;
}

const SHOWN_MS = 6_000;
/** How often is looked whether somebody still is. */
export const HELD_MS = 2_000;

class Toasts {
  all = $state<Toast[]>([]);
  /** Whether somebody is at one of them: then they stay. */
  held = () => false;
  #last = 0;

  /** Gives the id by which it can be taken away before its time. */
  show(text: string, action: Toast["action"] = null, forMs = SHOWN_MS): number {
    const id = (this.#last += 1);
    this.all.push({ id, text, action, forMs });
    this.#expire(id, forMs);
    return id;
  }

  #expire(id: number, inMs: number): void {
    setTimeout(() => (this.held() ? this.#expire(id, HELD_MS) : this.drop(id)), inMs);
  }

  drop(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
