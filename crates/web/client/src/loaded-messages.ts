// The messages of one room that are loaded: ascending and without a gap, whatever the order in which pages and
// entries arrive. It asks nobody; room-window.ts fetches the pages.

import { applied, ofEntry, ofPage, type Tracked } from './messages.js';
import type { Entry, HistoryMessage } from './protocol.js';
import type { Message } from './views.js';

export interface HistoryPage {
  readonly messages: readonly HistoryMessage[];
  readonly more: boolean;
  readonly head: number;
}

/** Entries that are kept for pages which are older than they: as many arrive while a page is under way. */
const RECENT_MAX = 500;

export class LoadedMessages {
  older = false;
  newer = false;
  #tracked: Tracked[] = [];
  /** While `newer` is false: messages up to here are all in. */
  #end = 0;
  /** The latest entries, ascending; all above `#recentAfter`. */
  #recent: Entry[] = [];
  #recentAfter: number;
  #snapshot: readonly Message[] | null = null;
  readonly #me: string;
  readonly #max: number;

  /** Entries above `cursor` will come by `entry`. */
  constructor(me: string, max: number, cursor: number) {
    this.#me = me;
    this.#max = max;
    this.#recentAfter = cursor;
  }

  get messages(): readonly Message[] {
    this.#snapshot ??= this.#tracked.map(({ message }) => message);
    return this.#snapshot;
  }

  /** Returns whether a page can be brought up to date with what came since; one that is too old is asked for again. */
  covers(page: HistoryPage): boolean { return page.head >= this.#recentAfter; }

  find(seq: number): Message | undefined { return this.#tracked[this.#index(seq)]?.message; }

  /** Messages as they were once known, without a way to more of them. */
  restore(messages: readonly Message[]): void {
    this.#tracked = messages.map((message) => ({ message, asOf: 0 }));
    this.#snapshot = null;
  }

  /** The first page, at the end of the room unless `newer`. */
  replace(page: HistoryPage, older: boolean, newer: boolean): void {
    this.#tracked = [];
    this.older = older;
    this.#add(page, newer, 0);
  }

  prepend(page: HistoryPage): void {
    const first = this.#tracked[0]?.message.seq ?? Infinity;
    const added = this.#upToDate(page).filter(({ message }) => message.seq < first);
    this.#tracked.unshift(...added);
    this.older = page.more;
    if (this.#tracked.length > this.#max) { this.#tracked.length = this.#max; this.newer = true; }
    this.#snapshot = null;
  }

  append(page: HistoryPage): void {
    this.#add(page, page.more, this.#tracked.at(-1)?.message.seq ?? 0);
    this.#trim();
  }

  /** Takes the next entry of the room. Returns whether anything that is loaded changed. */
  entry(entry: Entry): boolean {
    this.#recent.push(entry);
    if (this.#recent.length > RECENT_MAX) this.#recentAfter = this.#recent.shift()?.seq ?? 0;
    return this.#take(entry);
  }

  #take(entry: Entry): boolean {
    if (entry.kind === 'message') {
      if (this.newer || entry.seq <= this.#end) return false;
      this.#end = entry.seq;
      this.#tracked.push(ofEntry(entry, this.#me));
      this.#trim();
    } else if ('target' in entry) {
      const index = this.#index(entry.target);
      const found = this.#tracked[index];
      const next = found && applied(found, entry, this.#me);
      if (!next || next === found) return false;
      this.#tracked[index] = next;
    } else return false;
    this.#snapshot = null;
    return true;
  }

  /** Adds a page at the newer end, then what came since that page. */
  #add(page: HistoryPage, newer: boolean, after: number): void {
    this.#tracked.push(...this.#upToDate(page).filter(({ message }) => message.seq > after));
    this.newer = newer;
    this.#end = Math.max(page.head, this.#tracked.at(-1)?.message.seq ?? 0);
    this.#snapshot = null;
    if (!newer) for (const entry of this.#recent) this.#take(entry);
  }

  #upToDate(page: HistoryPage): Tracked[] {
    const since = this.#recent.filter(({ seq }) => seq > page.head);
    return page.messages.map((message) => since.reduce((tracked, entry) => applied(tracked, entry, this.#me), ofPage(message, page.head, this.#me)));
  }

  #trim(): void {
    const surplus = this.#tracked.length - this.#max;
    if (surplus > 0) { this.#tracked.splice(0, surplus); this.older = true; }
  }

  /** The index of a message, -1 if it is not loaded. */
  #index(seq: number): number {
    let [low, high] = [0, this.#tracked.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = this.#tracked[middle]?.message.seq ?? 0;
      if (at === seq) return middle;
      if (at < seq) low = middle + 1; else high = middle - 1;
    }
    return -1;
  }
}
