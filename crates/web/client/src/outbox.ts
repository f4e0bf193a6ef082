// What one identity has written and the server has not acknowledged: a line for each room. What was typed first
// is stored first, so only the head of a line is on its way; a refused message steps aside and keeps its place.

import type { Calls } from './calls.js';
import type { Environment } from './environment.js';
import { ParlorError } from './error.js';
import { globals, type Timer } from './globals.js';
import { OutboxStore, type KeptMessage } from './outbox-store.js';
import { Owner } from './ownership.js';
import type { Message, OutgoingMessage } from './views.js';
import type { User } from './protocol.js';
import { Uuid7 } from './uuid7.js';
import { unref } from './wake-ups.js';

export interface OutboxHooks {
  /** Whether anything may be sent now. */
  ready(): boolean;
  cursor(room: string): number | undefined;
  touched(room: string): void;
  refused(room: string, message: OutgoingMessage): void;
}

interface Item {
  kept: KeptMessage;
  state: OutgoingMessage['state'];
  error: ParlorError | undefined;
  seq: number | undefined;
  persisted: boolean;
  view: OutgoingMessage | null;
}

interface RoomLine {
  items: Item[];
  views: readonly OutgoingMessage[] | null;
  sending: boolean;
  attempt: number;
  timer: Timer;
}

const SEND_MS = 20_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** As many rooms send at once: a hundred lines that start together would meet the server's limit. */
const SENDING_MAX = 8;
/** An old page may let go of its lock a moment after the new one began. */
const ADOPT_AGAIN_MS = 1_000;
const ADOPT_MS = 10_000;
/** Nothing is sent before what an earlier page left is here; locks that do not answer in this time are not waited for. */
const ADOPT_WAIT_MS = 2_000;

export class Outbox {
  readonly #environment: Environment;
  readonly #calls: Calls;
  readonly #hooks: OutboxHooks;
  readonly #author: User;
  readonly #owner: Owner;
  readonly #store: OutboxStore;
  readonly #ids = new Uuid7();
  readonly #lines = new Map<string, RoomLine>();
  #sending = 0;
  #adopted = false;
  #ended = false;
  #timer: Timer;
  #adoptTimer: Timer;

  constructor(environment: Environment, author: User, calls: Calls, hooks: OutboxHooks) {
    this.#environment = environment;
    this.#author = author;
    this.#calls = calls;
    this.#hooks = hooks;
    this.#owner = new Owner(environment);
    this.#store = new OutboxStore(environment, author.id, this.#owner);
    this.#timer = unref(globals.setTimeout(() => { this.#adopted = true; this.pump(); }, ADOPT_WAIT_MS));
    void this.#adopt();
  }

  /** The rooms that something is in. */
  get rooms(): readonly string[] { return [...this.#lines].filter(([, { items }]) => items.length > 0).map(([room]) => room); }

  of(room: string): readonly OutgoingMessage[] {
    const line = this.#lines.get(room);
    if (!line) return NOTHING;
    line.views ??= line.items.map((item) => this.#view(item));
    return line.views;
  }

  /** Keeps a message, then sends it when its turn comes. */
  add(room: string, body: string, replyTo: number | undefined): OutgoingMessage {
    let count = 0;
    for (const { items } of this.#lines.values()) count += items.length;
    if (count >= this.#environment.outboxMessages) throw ParlorError.local('outbox_full');
    const kept: KeptMessage = { cid: this.#ids.next(), room, author: this.#author, body, typedAt: Date.now(), ...replyTo !== undefined && { replyTo } };
    const item = this.#insert(kept, this.#store.keep(kept));
    this.pump();
    return this.#view(item);
  }

  /** Messages that the server has: those of one's own among them are on their way no longer. */
  seen(room: string, messages: readonly Pick<Message, 'cid' | 'author'>[]): void {
    const line = this.#lines.get(room);
    if (!line || line.items.length === 0) return;
    for (const { cid, author } of messages) {
      const item = author.id === this.#author.id ? line.items.find(({ kept }) => kept.cid === cid) : undefined;
      if (item) this.#remove(item);
    }
  }

  /** The cursor of a room moved: what is stored up to there is in the window by now, if it is to be seen there at all. */
  moved(room: string, cursor: number): void {
    const line = this.#lines.get(room);
    for (const item of line ? [...line.items] : []) if (item.seq !== undefined && item.seq <= cursor) this.#remove(item);
  }

  /** Sends what may be sent. Called whenever that may have changed. */
  pump(): void {
    for (const [room, line] of this.#lines) this.#pumpLine(room, line);
  }

  /** There is a new line: nothing that was waited for before holds. */
  reconnected(): void {
    for (const line of this.#lines.values()) { globals.clearTimeout(line.timer); line.timer = undefined; line.attempt = 0; }
    if (this.#adopted) void this.#adopt();
    this.pump();
  }

  /** Lets another client of this storage have what is unsent. With `forget` it is deleted. */
  end(forget = false): void {
    this.#ended = true;
    if (forget) this.#store.clear();
    this.#owner.end();
    globals.clearTimeout(this.#timer);
    globals.clearTimeout(this.#adoptTimer);
    for (const line of this.#lines.values()) globals.clearTimeout(line.timer);
  }

  /** Takes over what dead tabs left, at first and from time to time. */
  async #adopt(): Promise<void> {
    globals.clearTimeout(this.#adoptTimer);
    try {
      for (const kept of await this.#store.adopt()) {
        if (this.#ended) return;
        // Two rounds at once may find the same.
        if (this.#lines.get(kept.room)?.items.some((item) => item.kept.cid === kept.cid)) continue;
        this.#ids.startAfter(kept.cid);
        this.#insert(kept, true);
      }
    } catch { /* Locks that are denied: nothing can be taken over. */ }
    if (this.#ended) return;
    const first = !this.#adopted;
    this.#adopted = true;
    this.pump();
    globals.clearTimeout(this.#adoptTimer);
    this.#adoptTimer = unref(globals.setTimeout(() => void this.#adopt(), first ? ADOPT_AGAIN_MS : ADOPT_MS));
  }

  #insert(kept: KeptMessage, persisted: boolean): Item {
    const line = this.#lines.get(kept.room) ?? { items: [], views: null, sending: false, attempt: 0, timer: undefined };
    this.#lines.set(kept.room, line);
    const error = kept.error && new ParlorError(kept.error);
    const item: Item = { kept, persisted, error, state: error ? 'refused' : 'waiting', seq: undefined, view: null };
    line.items.push(item);
    line.items.sort((a, b) => (a.kept.cid < b.kept.cid ? -1 : 1));
    this.#touched(item);
    return item;
  }

  #pumpLine(room: string, line: RoomLine): void {
    if (this.#ended || !this.#adopted || line.sending || line.timer !== undefined || this.#sending >= SENDING_MAX || !this.#hooks.ready()) return;
    const item = line.items.find(({ state }) => state === 'waiting');
    if (!item) return;
    const pause = this.#calls.pauseMs;
    if (pause > 0) { this.#pause(room, line, pause); return; }
    line.sending = true;
    this.#sending += 1;
    this.#set(item, 'sending');
    void this.#send(room, line, item).finally(() => {
      line.sending = false;
      this.#sending -= 1;
      this.pump();
    });
  }

  async #send(room: string, line: RoomLine, item: Item): Promise<void> {
    const { cid, body, replyTo } = item.kept;
    try {
      const { seq } = await this.#calls.once('send', { room, cid, body, ...replyTo !== undefined && { reply_to: replyTo } }, SEND_MS);
      line.attempt = 0;
      this.#stored(item, seq);
    } catch (error) {
      if (this.#ended || !line.items.includes(item)) return;
      const known = error instanceof ParlorError ? error : new ParlorError({ code: 0, name: 'internal', message: String(error) });
      if (known.retryable || AGAIN.has(known.name)) this.#again(room, line, item, known); else this.#refused(item, known);
    }
  }

  #stored(item: Item, seq: number): void {
    this.#store.drop(item.kept.cid);
    if (this.#ended || !this.#lines.get(item.kept.room)?.items.includes(item)) return;
    const cursor = this.#hooks.cursor(item.kept.room);
    if (cursor === undefined || cursor >= seq) { this.#remove(item); return; }
    item.seq = seq;
    this.#set(item, 'stored');
  }

  /** The answer is open, or the server has no time: the same message again, and nothing of this room before it. */
  #again(room: string, line: RoomLine, item: Item, error: ParlorError): void {
    this.#set(item, 'waiting', error.code === 0 ? undefined : error);
    if (error.code === 0 && error.name !== 'no_reply' && error.name !== 'overloaded') return; // Until there is a line again.
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** line.attempt);
    line.attempt = Math.min(line.attempt + 1, 10);
    this.#pause(room, line, error.retryAfterMs ?? longest / 2 + Math.random() * longest / 2);
  }

  #pause(room: string, line: RoomLine, ms: number): void {
    line.timer = globals.setTimeout(() => { line.timer = undefined; this.#pumpLine(room, line); }, ms);
  }

  #refused(item: Item, error: ParlorError): void {
    const { code, name, message, field, limit, trace } = error;
    item.kept = { ...item.kept, error: { code, name, message, ...field !== undefined && { field }, ...limit !== undefined && { limit }, ...trace !== undefined && { trace } } };
    item.persisted = this.#store.keep(item.kept);
    this.#set(item, 'refused', error);
    this.#hooks.refused(item.kept.room, this.#view(item));
  }

  #retry(item: Item): void {
    if (item.state !== 'refused') return;
    const { error, ...kept } = item.kept;
    void error;
    item.kept = kept;
    item.persisted = this.#store.keep(kept);
    this.#set(item, 'waiting');
    this.pump();
  }

  #discard(item: Item): boolean {
    if (item.state !== 'waiting' && item.state !== 'refused') return false;
    this.#remove(item);
    return true;
  }

  #remove(item: Item): void {
    this.#store.drop(item.kept.cid);
    const line = this.#lines.get(item.kept.room);
    if (!line) return;
    line.items = line.items.filter((other) => other !== item);
    this.#touched(item);
  }

  #set(item: Item, state: Item['state'], error?: ParlorError): void {
    item.state = state;
    item.error = error;
    this.#touched(item);
  }

  #touched(item: Item): void {
    item.view = null;
    const line = this.#lines.get(item.kept.room);
    if (line) line.views = null;
    this.#hooks.touched(item.kept.room);
  }

  #view(item: Item): OutgoingMessage {
    const { cid, room, author, body, replyTo, typedAt } = item.kept;
    item.view ??= {
      cid, room, author, body, typedAt, state: item.state, persisted: item.persisted,
      ...replyTo !== undefined && { replyTo }, ...item.error && { error: item.error }, ...item.seq !== undefined && { seq: item.seq },
      retry: () => this.#retry(item),
      discard: () => this.#discard(item),
    };
    return item.view;
  }
}

const NOTHING: readonly OutgoingMessage[] = [];
/** Not retryable by themselves, but the connection sees to them. */
const AGAIN = new Set(['unauthenticated', 'token_expired', 'signed_out', 'closed']);
