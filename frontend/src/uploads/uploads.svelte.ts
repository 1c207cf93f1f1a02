/** All uploads of the person who is signed in, of every tab of this browser.
 *
 * Each is moved by one tab, the one that holds its lock; the others show what that one tells, pass on what is asked of it,
 * and wait for the lock: when the tab is closed or dies, another goes on from what this browser has kept. */

import { SvelteMap } from "svelte/reactivity";
import { Problem } from "../api/problem";
import type { FileKind, User } from "../api/types";
import { newId } from "../lib/ids";
import type { UploadRow } from "../lib/local";
import type { Lifetime } from "../state/session.svelte";
import { Carrier, type Means } from "./carrier";
import { hold, Slots, type Locks } from "./locks";
import { Pauses } from "./pauses";
import { Shelf } from "./shelf";
import { Tabs, type Deed, type News } from "./tabs";
import type { Transport } from "./transport";
import { Upload, type FileRows } from "./upload.svelte";

const AT_ONCE = 3;

export interface Surroundings {
  session: { join(lifetime: Lifetime): void };
  files: FileRows;
  transport: Transport;
  locks: Locks | null; // null: every tab for itself
}

export class Uploads {
  #known = new SvelteMap<string, Upload>();
  /** Newest last. */
  all = $derived([...this.#known.values()].filter(({ hidden, gone }) => !hidden && !gone));
  /** What this browser had kept is known. */
  restored = $state(false);
  #carriers = new Map<string, Carrier>();
  /** Asked of whoever moves it, and not answered yet: if that turns out to be this tab, it does it. */
  #asked = new Map<string, Deed>();
  #userId: string | null = null;
  #open = false; // somebody is signed in
  #staying = new AbortController(); // until the person goes
  #restored = promised();
  #tabs: Tabs;
  #means: Means;
  readonly #shelf = new Shelf();
  readonly #pauses = new Pauses();

  constructor(private readonly around: Surroundings) {
    this.#tabs = new Tabs((news) => this.#heard(news));
    this.#means = {
      transport: around.transport,
      slots: new Slots(around.locks, "strongroom.upload.slot", AT_ONCE),
      shelf: this.#shelf,
      pauses: this.#pauses,
      open: () => this.#open,
      changed: (upload) => this.#tellTabs(upload),
      arrived: ({ id }) => this.#carriers.delete(id),
    };
    around.session.join({ enter: (user) => void this.#enter(user), leave: (gone) => this.#leave(gone) });
  }

  /** Ids, at once; they begin by themselves. */
  add(chosen: Iterable<File>, into: { chatId: string | null; kind?: FileKind }): string[] {
    const userId = this.#userId;
    if (userId === null) throw new Error("nobody is signed in");
    return Array.from(chosen, (file) => {
      const row: UploadRow = {
        id: newId(),
        userId,
        chatId: into.chatId,
        kind: into.kind ?? "file",
        name: file.name,
        type: file.type,
        sizeBytes: file.size,
        lastModifiedMs: file.lastModified,
        tusUrl: null,
        fileId: null,
        paused: false,
        addedAt: new Date().toISOString(),
      };
      const carrier = new Carrier(this.#know(row), row, file, this.#means, this.#lock(row.id));
      this.#carriers.set(row.id, carrier);
      carrier.begin();
      return row.id;
    });
  }

  get(id: string): Upload | undefined {
    return this.#known.get(id);
  }

  /** The file's id, as soon as the server has every byte. Pending over whatever can be retried; rejects with the Problem
   * `cancelled` once it was cancelled, or is known nowhere. */
  async arrived(id: string): Promise<string> {
    if (!this.#known.has(id)) await this.#restored.promise;
    const upload = this.#known.get(id);
    if (upload === undefined) throw new Problem(0, { code: "cancelled" });
    return upload.arrival;
  }

  /** Resolves when this browser has kept the bytes, or the server has them: what they were made from may go. Rejects as
   * `arrived` does. */
  async held(id: string): Promise<void> {
    const carrier = this.#carriers.get(id);
    await (carrier === undefined ? this.arrived(id) : Promise.race([carrier.held(), carrier.upload.arrival]));
  }

  pause(id: string): void {
    this.#do(id, { deed: "pause" });
  }

  resume(id: string): void {
    this.#do(id, { deed: "resume" });
  }

  /** A file that it has become already stays: it is deleted among the files. */
  cancel(id: string): void {
    if (!this.#carriers.has(id)) void this.#shelf.drop(id);
    this.#do(id, { deed: "cancel" });
    this.#drop(id);
    if (this.#userId !== null) this.#tabs.say({ news: "gone", userId: this.#userId, id });
  }

  retry(id: string): void {
    const upload = this.#known.get(id);
    if (upload?.fileId != null) void upload.retryProcessing();
    else this.#do(id, { deed: "retry" });
  }

  retryAll(): void {
    for (const { id, stage } of this.all) if (stage === "failed") this.retry(id);
  }

  /** Takes it off the list. What waits for it goes on waiting, and finds it. */
  hide(id: string): void {
    this.#hide(id);
    if (this.#userId !== null) this.#tabs.say({ news: "hidden", userId: this.#userId, id });
  }

  clearKept(): void {
    for (const { id, stage } of this.all) if (stage === "kept") this.hide(id);
  }

  /** False when it is not the same file, by name, size and time. */
  rechoose(id: string, file: File): boolean {
    if (!this.#known.get(id)?.matches(file)) return false;
    this.#do(id, { deed: "rechoose", file });
    return true;
  }

  /** Tries again at once what waits for the connection. */
  wake(): void {
    this.#pauses.wakeAll();
  }

  /** Leaving the page now would lose some, or how far they have come: they are not kept here, or not yet. */
  get unkept(): boolean {
    return [...this.#carriers.values()].some(({ kept, upload }) => !kept && upload.stage !== "failed" && upload.stage !== "missing");
  }

  /** For tests: as when the page goes. */
  close(): void {
    this.#userId = null;
    this.#staying.abort();
    for (const carrier of this.#carriers.values()) carrier.close();
    this.#tabs.close();
  }

  async #enter({ id: userId }: User): Promise<void> {
    this.#userId = userId;
    this.#open = true;
    for (const carrier of this.#carriers.values()) carrier.unhalt();
    const rows = await this.#shelf.rows(userId);
    if (this.#userId !== userId) return;
    for (const row of rows) this.#follow(row);
    this.#tabs.say({ news: "hello", userId });
    this.restored = true;
    this.#restored.resolve();
    void this.#shelf.tidy(rows, Date.now());
  }

  #leave(gone: boolean): void {
    this.#open = false;
    if (!gone) {
      for (const carrier of this.#carriers.values()) carrier.halt();
      return;
    }
    this.#staying.abort();
    this.#staying = new AbortController();
    for (const carrier of this.#carriers.values()) carrier.close();
    this.#carriers.clear();
    this.#asked.clear();
    for (const upload of this.#known.values()) upload.abandon();
    this.#known.clear();
    this.#userId = null;
    this.restored = false;
    this.#restored.resolve();
    this.#restored = promised();
  }

  #know(row: UploadRow): Upload {
    const upload = new Upload(row, this.around.files);
    this.#known.set(row.id, upload);
    return upload;
  }

  #lock(id: string) {
    return hold(this.around.locks, [`strongroom.upload.${id}`], this.#staying.signal);
  }

  /** One that this tab does not move: shows it, and moves it as soon as nobody else does. */
  #follow(row: UploadRow): Upload {
    const known = this.#known.get(row.id);
    if (known !== undefined) return known;
    const upload = this.#know(row);
    if (row.fileId === null) void this.#takeOver(upload).catch(() => {}); // the person has gone
    return upload;
  }

  async #takeOver(upload: Upload): Promise<void> {
    const { id } = upload;
    const lock = this.#lock(id);
    const release = await lock;
    const row = await this.#shelf.row(id);
    const bytes = upload.sizeBytes === 0 ? new Blob() : await this.#shelf.bytes(id);
    if (this.#known.get(id) !== upload || row === undefined || row.fileId !== null) {
      release();
      if (row?.fileId != null) upload.tell({ stage: "arrived", fileId: row.fileId });
      else if (upload.fileId === null) this.#drop(id);
      return;
    }
    const carrier = new Carrier(upload, row, bytes, this.#means, lock);
    this.#carriers.set(id, carrier);
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    await carrier.takeUp();
    if (asked !== undefined) act(carrier, asked);
  }

  #do(id: string, deed: Deed): void {
    const carrier = this.#carriers.get(id);
    if (carrier !== undefined) act(carrier, deed);
    else if (this.#userId !== null) {
      this.#asked.set(id, deed);
      this.#tabs.say({ news: "asked", userId: this.#userId, id, deed });
    }
  }

  #hide(id: string): void {
    const upload = this.#known.get(id);
    if (upload !== undefined) upload.hidden = true;
  }

  #drop(id: string): void {
    this.#carriers.get(id)?.close();
    this.#carriers.delete(id);
    this.#known.get(id)?.abandon();
    this.#known.delete(id);
    this.#tabs.forget(id);
    this.#asked.delete(id);
  }

  #tellTabs(upload: Upload): void {
    const carrier = this.#carriers.get(upload.id);
    if (carrier !== undefined) this.#tabs.tell(upload, carrier.ofRow);
  }

  #heard(news: News): void {
    const userId = news.news === "stands" ? news.row.userId : news.userId;
    if (userId !== this.#userId) return;
    switch (news.news) {
      case "hello":
        for (const { upload, ofRow } of this.#carriers.values()) {
          this.#tabs.say({ news: "stands", row: ofRow, stand: upload.stand });
        }
        break;
      case "stands":
        this.#asked.delete(news.row.id);
        if (!this.#carriers.has(news.row.id)) this.#follow(news.row).tell(news.stand);
        break;
      case "gone":
        this.#drop(news.id);
        break;
      case "hidden":
        this.#hide(news.id);
        break;
      case "asked":
        if (this.#carriers.has(news.id)) this.#do(news.id, news.deed);
        break;
    }
  }
}

function act(carrier: Carrier, asked: Deed): void {
  switch (asked.deed) {
    case "pause":
      return carrier.pause();
    case "resume":
      return carrier.resume();
    case "retry":
      return carrier.retry();
    case "cancel":
      return void carrier.cancel();
    case "rechoose":
      return carrier.rechoose(asked.file);
  }
}

function promised(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
