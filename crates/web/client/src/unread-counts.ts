// The unread messages of one room. There is one source: the server's counts as of a `head`. Entries above that
// head, and only they, are counted here; what is in both is counted once, in whatever order they come.

import type { RoomLine } from './protocol.js';

/** The server stops at this number, too. */
const UNREAD_MAX = 999;
const ABOVE_MAX = 2_000;

export class UnreadCounts {
  #head = 0;
  #read = 0;
  #unread = 0;
  #mentions = 0;
  /** The unread messages above `#head`: whether they mention the user. */
  readonly #above = new Map<number, boolean>();

  get read(): number { return this.#read; }
  get unread(): number { return Math.min(UNREAD_MAX, this.#unread + this.#above.size); }
  get mentions(): number {
    let mentions = this.#mentions;
    for (const mentioned of this.#above.values()) if (mentioned) mentions += 1;
    return Math.min(UNREAD_MAX, mentions);
  }

  /** Takes the server's counts. Returns whether they are to be asked for again. */
  line({ head, read, unread, mentions }: Pick<RoomLine, 'head' | 'read' | 'unread' | 'mentions'>): boolean {
    this.#head = head;
    this.#unread = unread;
    this.#mentions = mentions;
    for (const seq of this.#above.keys()) if (seq <= head) this.#above.delete(seq);
    const mine = this.#read;
    this.#read = Math.max(read, mine);
    return mine > read && this.#passed();
  }

  /** A message of someone else. */
  message(seq: number, mentionsMe: boolean): void {
    if (seq <= this.#head || seq <= this.#read) return;
    this.#above.set(seq, mentionsMe);
    const oldest = this.#above.size > ABOVE_MAX ? this.#above.keys().next().value : undefined;
    if (oldest !== undefined) this.#above.delete(oldest);
  }

  /** A message was deleted. Returns whether the counts are to be asked for: only the server knows whether it counted it. */
  deleted(seq: number): boolean {
    if (seq <= this.#read || this.#above.delete(seq)) return false;
    return seq <= this.#head && this.#unread > 0;
  }

  /** The marker moved, here or elsewhere. Returns whether the counts are to be asked for. */
  mark(seq: number): boolean {
    if (seq <= this.#read) return false;
    this.#read = seq;
    return this.#passed();
  }

  #passed(): boolean {
    for (const seq of this.#above.keys()) if (seq <= this.#read) this.#above.delete(seq);
    if (this.#read >= this.#head) this.#unread = this.#mentions = 0;
    return this.#unread > 0;
  }
}
