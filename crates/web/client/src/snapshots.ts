// The snapshots of the client and of the list of rooms. One is made when it is asked for, and kept until
// something in it changes.

import type { Core } from './core.js';
import type { Limits, RoomCard } from './protocol.js';
import type { RoomRecord } from './room-list.js';
import type { ClientState, RoomSummary, Totals } from './views.js';

/** Until the server has said what it allows: its default settings. */
const LIMITS: Limits = { frame_bytes: 65_536, body_chars: 4_000, body_bytes: 16_384, page_max: 200, rooms_max: 128, sends_per_s: 10, commands_per_s: 20 };

export class Snapshots {
  readonly #core: Core;
  readonly #summaries = new Map<string, RoomSummary>();
  /** Those whose room was touched since: they are kept if nothing in them changed. */
  readonly #touched = new Map<string, RoomSummary>();

  #rooms: readonly RoomSummary[] = [];
  #state: ClientState | null = null;

  constructor(core: Core) { this.#core = core; }

  touched(room: string): void {
    const summary = this.#summaries.get(room);
    if (summary) this.#touched.set(room, summary);
    this.#summaries.delete(room);
    this.#state = null;
  }
  changed(): void { this.#state = null; }

  summary(room: string): RoomSummary | undefined {
    const known = this.#summaries.get(room);
    if (known) return known;
    const record = this.#core.list.records.get(room);
    const unsent = this.#core.outgoing(room).filter(({ state }) => state !== 'stored').length;
    if (record ? record.membership === 'gone' && unsent === 0 : unsent === 0) return undefined;
    const made = record ? this.#ofRecord(room, record, unsent) : this.#unknown(room, unsent);
    const before = this.#touched.get(room);
    const summary = before && same(before, made) ? before : made;
    this.#touched.delete(room);
    this.#summaries.set(room, summary);
    return summary;
  }

  state(): ClientState {
    this.#state ??= this.#made();
    return this.#state;
  }

  #made(): ClientState {
    const { connection, list, session, limits } = this.#core;
    const keys = new Set([...list.records.keys(), ...this.#core.unsentRooms]);
    const rooms = [...keys].flatMap((key) => this.summary(key) ?? []).sort((a, b) => a.title.localeCompare(b.title) || (a.key < b.key ? -1 : 1));
    if (rooms.length !== this.#rooms.length || rooms.some((room, i) => room !== this.#rooms[i])) this.#rooms = rooms;
    return {
      connection: connection.state,
      user: connection.user,
      session,
      limits: limits ?? LIMITS,
      rooms: this.#rooms,
      invitations: list.invitations,
      roomsLoaded: list.loaded,
      totals: this.#totals(rooms),
    };
  }

  #totals(rooms: readonly RoomSummary[]): Totals {
    const sum = (of: (room: RoomSummary) => number): number => rooms.reduce((total, room) => total + of(room), 0);
    const outgoing = this.#core.unsentRooms.flatMap((room) => this.#core.outgoing(room));
    return {
      unread: sum(({ unread }) => unread),
      mentions: sum(({ mentions }) => mentions),
      waiting: outgoing.filter(({ state }) => state === 'waiting' || state === 'sending').length,
      refused: outgoing.filter(({ state }) => state === 'refused').length,
    };
  }

  #ofRecord(key: string, { card, membership, head, counts, answered, last, prefs }: RoomRecord, unsent: number): RoomSummary {
    const { unread, mentions } = membership === 'member' ? counts : NONE;
    return {
      key, card, membership, head, read: counts.read, unread, mentions, answered, unsent, title: titleOf(card),
      quietUntil: prefs.quiet_until_ms, favourite: prefs.favourite, hasDraft: this.#core.draft(key).body !== '', ...last && { lastMessage: last },
    };
  }

  /** A room that is in no list, such as one that was left on another device, with a message that was never sent. */
  #unknown(key: string, unsent: number): RoomSummary {
    const card: RoomCard = { room: key, title: key, topic: '', kind: key.startsWith('~') ? 'private' : 'public', history: 'all' };
    return {
      key, card, unsent, title: key, membership: 'gone', head: 0, read: 0, unread: 0, mentions: 0, answered: true,
      quietUntil: 0, favourite: false, hasDraft: this.#core.draft(key).body !== '',
    };
  }
}

const NONE = { unread: 0, mentions: 0 };

function same(a: RoomSummary, b: RoomSummary): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof RoomSummary>;
  return [...names].every((name) => a[name] === b[name]);
}

function titleOf({ kind, title, room, with: other }: RoomCard): string {
  return kind === 'direct' && other ? `@${other.name}` : title || room;
}
