/** One recording in this browser's own store: slice after slice, so that a crash loses at most the last second.
 *
 * The first write that the browser refuses ends the writing: what the store holds is then a beginning without gaps, and
 * the rest waits in memory. */

import { local, type RecordingRow } from "../lib/local";

type Writing = ReturnType<typeof writing>;

function writing(database: Awaited<ReturnType<typeof local>>) {
  return database.transaction(["recordings", "slices"], "readwrite");
}

export class Keeping {
  #row: RecordingRow;
  #slices = 0;
  #inMemory = new Map<number, Blob>();
  #refused = false;
  #gone = false;
  #work: Promise<void> = Promise.resolve();

  private constructor(row: RecordingRow) {
    this.#row = row;
  }

  static begin(row: RecordingRow): Keeping {
    const keeping = new Keeping(row);
    keeping.#write();
    return keeping;
  }

  /** One that the store holds already. */
  static found(row: RecordingRow): Keeping {
    return new Keeping(row);
  }

  get row(): RecordingRow {
    return this.#row;
  }

  /** Whether closing the page would lose something: known once `settled`. */
  get refused(): boolean {
    return this.#refused;
  }

  add(bytes: Blob, durationS: number): void {
    const number = this.#slices;
    this.#slices += 1;
    this.#row = { ...this.#row, durationS };
    this.#write({ number, bytes });
  }

  finish(durationS: number): void {
    this.#row = { ...this.#row, durationS, finished: true };
    this.#write();
  }

  moveTo(chatId: string): void {
    this.#row = { ...this.#row, chatId };
    this.#write();
  }

  /** Resolves when all that was asked for so far is written, or refused. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** All slices, in order. */
  async blob(): Promise<Blob> {
    await this.#work;
    const { id, type } = this.#row;
    const stored: Blob[] = [];
    try {
      const rows = await (await local()).getAllFromIndex("slices", "recordingId", id); // by number: it ends the key
      stored.push(...rows.map(({ bytes }) => bytes));
    } catch (error) {
      if (!this.#refused) throw error;
    }
    return new Blob([...stored, ...this.#inMemory.values()], { type });
  }

  /** Deletes it. Where the store refuses that, it is found again after a reload: better than the other way round. */
  async drop(): Promise<void> {
    this.abandon();
    await this.#work;
    const { id } = this.#row;
    await change((transaction) => [
      transaction.objectStore("recordings").delete(id),
      transaction.objectStore("slices").delete(IDBKeyRange.bound([id], [id, []])),
    ]).catch(() => {});
  }

  /** Writes nothing more: the person is gone, or does not want it. */
  abandon(): void {
    this.#gone = true;
    this.#inMemory.clear();
  }

  #write(slice: { number: number; bytes: Blob } | null = null): void {
    const row = this.#row;
    this.#work = this.#work.then(async () => {
      if (this.#gone) return;
      if (!this.#refused) {
        try {
          await store(row, slice);
          return;
        } catch {
          this.#refused = true; // full, or a private window
        }
      }
      if (slice !== null) this.#inMemory.set(slice.number, slice.bytes);
    });
  }
}

/** The row and the slice, both or neither. */
async function store(row: RecordingRow, slice: { number: number; bytes: Blob } | null): Promise<void> {
  await change((transaction) => [
    transaction.objectStore("recordings").put(row),
    slice && transaction.objectStore("slices").put({ ...slice, recordingId: row.id, userId: row.userId }),
  ]);
}

async function change(asked: (transaction: Writing) => unknown[]): Promise<void> {
  const transaction = writing(await local());
  await Promise.all([...asked(transaction), transaction.done]);
}
