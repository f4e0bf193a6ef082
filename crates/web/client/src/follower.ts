// The cursor of each room: every entry is applied once and in order, what is missing is read from `log`.

import type { Calls } from './calls.js';
import { ParlorError } from './error.js';
import type { Entry, HelloReply } from './protocol.js';

export interface FollowerHooks {
  /** The next entry of a room. `live`: just pushed, not replayed and not paged. */
  apply(room: string, entry: Entry, live: boolean): void;
  /** Entries up to the cursor were skipped: what is shown of the room is read anew. */
  skipped(room: string): void;
  /** The cursor moved, for whatever reason. */
  moved(room: string, cursor: number): void;
}

/** What is further behind is not paged but read anew: the server replays as many, too. */
const PAGED_MAX = 1_000;
const PAGE = 200;

export class Follower {
  readonly #calls: Calls;
  readonly #hooks: FollowerHooks;
  readonly #cursors = new Map<string, number>();
  readonly #wanted = new Map<string, number>();
  #epoch: string | null = null;
  #live = false;

  constructor(calls: Calls, hooks: FollowerHooks) {
    this.#calls = calls;
    this.#hooks = hooks;
  }

  /** What `hello` says of the state. Cursors of a room that lags behind are those that were applied. */
  resume(): object {
    return this.#epoch ? { epoch: this.#epoch, cursors: Object.fromEntries(this.#cursors) } : {};
  }

  cursor(room: string): number | undefined { return this.#cursors.get(room); }

  /** Forgets everything: someone else is here. */
  clear(): void {
    this.#cursors.clear();
    this.#wanted.clear();
    this.#epoch = null;
  }

  welcomed({ epoch, rooms }: HelloReply): void {
    this.#live = false;
    this.#epoch = epoch;
    for (const [room, line] of Object.entries(rooms)) {
      const known = this.#cursors.get(room);
      if (line.gone) this.#cursors.delete(room);
      else if (line.gap) { this.#move(room, line.gap[1]); this.#hooks.skipped(room); }
      else if (line.reset || known === undefined) {
        this.#move(room, line.head ?? 0);
        if (line.reset) this.#hooks.skipped(room);
      } else if (line.complete && line.from !== undefined && line.from - 1 > known) this.#move(room, line.from - 1);
    }
    for (const room of this.#cursors.keys()) if (!Object.hasOwn(rooms, room)) this.#cursors.delete(room);
  }

  /** The replay is over. */
  resumed(): void { this.#live = true; }

  /** A room that one is in from now on. One that is followed already keeps its cursor. */
  follow(room: string, head: number): void {
    if (!this.#cursors.has(room)) this.#move(room, head);
  }

  forget(room: string): void {
    this.#cursors.delete(room);
    this.#wanted.delete(room);
  }

  entry(room: string, entry: Entry): void {
    const cursor = this.#cursors.get(room);
    if (cursor === undefined || entry.seq <= cursor) return;
    if (entry.seq > cursor + 1) this.behind(room, entry.seq);
    else this.#apply(room, entry, this.#live);
  }

  /** The room has entries up to `head`; reads those that are missing. */
  behind(room: string, head: number): void {
    const cursor = this.#cursors.get(room);
    if (cursor === undefined || head <= cursor) return;
    const reading = this.#wanted.has(room);
    this.#wanted.set(room, Math.max(head, this.#wanted.get(room) ?? 0));
    if (!reading) void this.#read(room);
  }

  async #read(room: string): Promise<void> {
    try {
      for (;;) {
        const [cursor, wanted] = [this.#cursors.get(room), this.#wanted.get(room)];
        if (cursor === undefined || wanted === undefined || cursor >= wanted) return;
        if (wanted - cursor > PAGED_MAX) { this.#move(room, wanted); this.#hooks.skipped(room); return; }
        const { entries, head } = await this.#calls.call('log', { room, after: cursor, limit: PAGE }, { retry: true });
        for (const entry of entries) if (entry.seq > (this.#cursors.get(room) ?? Infinity)) this.#apply(room, entry, false);
        if (entries.length > 0) continue;
        // What an empty answer leaves out is not for this user.
        const now = this.#cursors.get(room);
        if (now !== undefined) this.#move(room, Math.max(head, now));
        return;
      }
    } catch (error) {
      // The next `heads` (15 s), entry or `hello` finds the hole again.
      if (!(error instanceof ParlorError)) throw error;
    } finally {
      this.#wanted.delete(room);
    }
  }

  #apply(room: string, entry: Entry, live: boolean): void {
    this.#cursors.set(room, entry.seq);
    this.#hooks.apply(room, entry, live);
    this.#hooks.moved(room, entry.seq);
  }

  #move(room: string, cursor: number): void {
    this.#cursors.set(room, cursor);
    this.#hooks.moved(room, cursor);
  }
}
