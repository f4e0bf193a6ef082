// One's own rooms as the list shows them. The server's `rooms` is the source; entries and pushes keep it up to
// date, and where they cannot tell, it is read again.

import type { Calls } from './calls.js';
import { keysOf, type Environment } from './environment.js';
import { ParlorError } from './error.js';
import { globals, uptime, type Timer } from './globals.js';
import { lastAfter, lastOfLine, lastOfMessage, ofEntry } from './messages.js';
import type { Entry, HelloReply, InvitationLine, RoomCard, RoomLine, RoomPrefs, User } from './protocol.js';
import { UnreadCounts } from './unread-counts.js';
import type { Invitation, LastMessage, Message } from './views.js';

export interface RoomRecord {
  card: RoomCard;
  membership: 'member' | 'gone';
  head: number;
  readonly counts: UnreadCounts;
  answered: boolean;
  last: LastMessage | undefined;
  prefs: RoomPrefs;
}

export interface RoomPush {
  readonly card: RoomCard;
  readonly head: number;
  readonly why: 'joined' | 'invited' | 'dm' | 'role' | 'changed';
  readonly by: User;
}

export interface ListHooks {
  cursor(room: string): number | undefined;
  /** How many of one's own messages in this room are unsent: the room stays in the list for their sake. */
  unsent(room: string): number;
  touched(room: string): void;
  changed(): void;
}

const NO_PREFS: RoomPrefs = { quiet_until_ms: 0, favourite: false };
/** Requests for the list within this time are one. */
const GATHER_MS = 300;
/** Several deletions or marks in a row do not read the list more often than this. */
const PAUSE_MS = 1_000;
/** Pages of 100 at most: more than `rooms_max` and all direct rooms. */
const PAGES_MAX = 50;

export class RoomList {
  readonly records = new Map<string, RoomRecord>();
  loaded = false;
  /** Whether a count is a guess until the list is read again. */
  uncertain = false;
  readonly #invitations = new Map<string, Invitation>();
  readonly #environment: Environment;
  readonly #calls: Calls;
  readonly #hooks: ListHooks;
  #me = '';
  #reading: Promise<void> | null = null;
  #again = false;
  #readAt = -Infinity;
  #timer: Timer;

  constructor(environment: Environment, calls: Calls, hooks: ListHooks) {
    this.#environment = environment;
    this.#calls = calls;
    this.#hooks = hooks;
  }

  get invitations(): readonly Invitation[] { return [...this.#invitations.values()]; }

  /** Someone is here: shows what the last page load knew of their rooms. */
  begin(me: string): void {
    this.end();
    this.#me = me;
    try {
      const lines = JSON.parse(this.#environment.storage.getItem(this.#key()) ?? '[]') as RoomLine[];
      for (const line of lines) this.#line(line);
    } catch { /* Of another version: the server has it all. */ }
  }

  end(): void {
    globals.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const room of this.records.keys()) this.#hooks.touched(room);
    this.records.clear();
    this.#invitations.clear();
    this.loaded = false;
    this.#me = '';
    this.#hooks.changed();
  }

  /** Deletes what the storage knows of this identity's rooms. */
  forget(): void { for (const key of keysOf(this.#environment.storage, this.#key())) this.#environment.storage.removeItem(key); }

  /** Rooms that one is in no longer. */
  welcomed({ rooms }: HelloReply): string[] {
    const gone = [...this.records].filter(([room, { membership }]) => membership === 'member' && (!Object.hasOwn(rooms, room) || rooms[room]?.gone)).map(([room]) => room);
    this.refresh().catch(() => {});
    return gone;
  }

  pushed(room: string, { card, head, why, by }: RoomPush): void {
    if (why === 'invited') this.#invitations.set(room, { card, by });
    else {
      this.joined(card, head);
      const record = this.records.get(room);
      if (record && why === 'dm') record.answered = by.id === this.#me;
    }
    this.#hooks.touched(room);
  }

  /** A room that one is in from now on. */
  joined(card: RoomCard, head: number): void {
    this.#invitations.delete(card.room);
    const known = this.records.get(card.room);
    if (known?.membership === 'member') { known.card = kept(known.card, card); this.#hooks.touched(card.room); return; }
    this.#line({ card, head, read: head, unread: 0, mentions: 0 });
    this.refreshSoon(); // What is unread there, the server knows.
  }

  /** Returns the card of a room that one was in. */
  gone(room: string): RoomCard | undefined {
    this.#invitations.delete(room);
    const record = this.records.get(room);
    const was = record?.membership;
    if (record) record.membership = 'gone';
    if (this.#hooks.unsent(room) === 0) this.records.delete(room);
    this.#hooks.touched(room);
    return was === 'member' ? record?.card : undefined;
  }

  entry(room: string, entry: Entry): void {
    const record = this.records.get(room);
    if (!record) return;
    record.head = Math.max(record.head, entry.seq);
    const mine = entry.author.id === this.#me;
    if (mine && (entry.kind === 'message' || entry.kind === 'reaction')) record.answered = true;
    if (entry.kind === 'message') {
      const { message } = ofEntry(entry, this.#me);
      if (!mine && !message.deleted) record.counts.message(entry.seq, message.mentionsMe);
      this.#last(record, message);
    } else if (record.last) record.last = lastAfter(record.last, entry);
    if (entry.kind === 'deleted' && record.counts.deleted(entry.target)) this.refreshSoon();
    this.#hooks.touched(room);
  }

  /** Messages at the end of a room, from a page. */
  arrived(room: string, message: Message | undefined): void {
    const record = this.records.get(room);
    if (!record || !message) return;
    this.#last(record, message);
    this.#hooks.touched(room);
  }

  /** The marker moved here; `refreshSoon` is for when the server knows. */
  marked(room: string, seq: number): void {
    if (this.records.get(room)?.counts.mark(seq)) this.uncertain = true;
    this.#hooks.touched(room);
  }

  /** The marker moved on another of one's connections. */
  markedElsewhere(room: string, seq: number): void {
    if (this.records.get(room)?.counts.mark(seq)) this.refreshSoon();
    this.#hooks.touched(room);
  }

  prefs(room: string, prefs: RoomPrefs): void {
    const record = this.records.get(room);
    if (record) record.prefs = prefs;
    this.#hooks.touched(room);
  }

  refreshSoon(): void {
    this.#timer ??= globals.setTimeout(() => {
      this.#timer = undefined;
      this.refresh().catch(() => {});
    }, Math.max(GATHER_MS, this.#readAt + PAUSE_MS - uptime()));
  }

  /** Reads the whole list. A call while one is under way is answered by another one after it. */
  refresh(): Promise<void> {
    if (this.#reading) { this.#again = true; return this.#reading; }
    this.#reading = (async () => {
      do {
        this.#again = false;
        await this.#read();
      } while (this.#again);
    })().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const me = this.#me;
    const lines: RoomLine[] = [];
    let after: string | undefined;
    let invitations: readonly InvitationLine[] = [];
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const page = await this.#calls.call('rooms', after === undefined ? {} : { after }, { retry: true });
      if (this.#me !== me) throw ParlorError.local('signed_out');
      lines.push(...page.rooms);
      if (page.invitations) invitations = page.invitations;
      after = page.next;
      if (after === undefined) break;
    }
    this.#readAt = uptime();
    this.uncertain = false;
    this.#invitations.clear();
    for (const { card, by } of invitations) this.#invitations.set(card.room, { card, by });
    for (const line of lines) if (this.#hooks.cursor(line.card.room) !== undefined) this.#line(line);
    this.loaded = true;
    this.#keep(lines);
    this.#hooks.changed();
  }

  #line(line: RoomLine): void {
    const { card, head, answered = true, prefs = NO_PREFS, last } = line;
    const known = this.records.get(card.room);
    const record: RoomRecord = known ?? { card, membership: 'member', head, counts: new UnreadCounts(), answered, last: undefined, prefs };
    // Entries between this head and the cursor were applied before the room was known here.
    const late = !known && (this.#hooks.cursor(card.room) ?? 0) > head;
    Object.assign(record, { card: kept(record.card, card), membership: 'member', head: Math.max(head, record.head), answered, prefs: kept(record.prefs, prefs) });
    if (last && last.seq >= (record.last?.seq ?? 0)) record.last = kept(record.last, lastOfLine(last, this.#me));
    this.records.set(card.room, record);
    if (record.counts.line(line) || late) this.refreshSoon();
    this.#hooks.touched(card.room);
  }

  #last(record: RoomRecord, message: Message): void {
    if (message.seq >= (record.last?.seq ?? 0)) record.last = lastOfMessage(message);
  }

  #keep(lines: readonly RoomLine[]): void {
    try { this.#environment.storage.setItem(this.#key(), JSON.stringify(lines)); } catch { /* Full: the next start without a network shows less. */ }
  }

  #key(): string { return `${this.#environment.prefix}rooms:${this.#me}`; }
}

/** Returns the old one of two that say the same, so that a view sees that nothing changed. */
function kept<T>(before: T, after: T): T {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
