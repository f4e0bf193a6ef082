// One room as the application holds it: the parts that know its state, and what can be done in it.

import type { Calls } from './calls.js';
import type { Environment } from './environment.js';
import type { Room } from './face.js';
import type { Follower } from './follower.js';
import { uptime } from './globals.js';
import { applied, ofPage, type Tracked } from './messages.js';
import { People } from './people.js';
import type { Entry, HistoryRule, LinkLine, Ops, Role, RoomCard, User } from './protocol.js';
import { RoomWindow } from './room-window.js';
import { Uuid7 } from './uuid7.js';
import type { Draft, MemberList, Message, MessageWindow, OutgoingMessage, RoomSummary } from './views.js';

/** What a room needs of its client. */
export interface RoomDeps {
  readonly environment: Environment;
  readonly calls: Calls;
  readonly follower: Follower;
  me(): string;
  summary(room: string): RoomSummary | undefined;
  outgoing(room: string): readonly OutgoingMessage[];
  draft(room: string): Draft;
  send(room: string, body: string, replyTo: number | undefined): OutgoingMessage;
  setDraft(room: string, draft: Draft): void;
  markRead(room: string, seq: number): void;
  setPrefs(room: string, prefs: { quietUntil?: number; favourite?: boolean }): Promise<void>;
  isOffline(): boolean;
  /** What the storage has of a room's newest messages. */
  kept(room: string): readonly Message[];
  keepSoon(room: string, messages: () => readonly Message[]): void;
  /** Its window was opened: another one may have to be emptied for it. */
  opened(room: RoomHandle): void;
  arrived(room: RoomHandle, messages: readonly Message[]): void;
  touched(room: string): void;
  subscribe(room: string, listener: (room: Room) => void): () => void;
}

const TYPING_EVERY_MS = 3_000;
const FOUND_MAX = 50;

export class RoomHandle implements Room {
  readonly key: string;
  readonly people: People;
  readonly view: RoomWindow;
  readonly #deps: RoomDeps;
  /** Messages outside the window that someone asked for, such as those that are quoted. */
  readonly #found = new Map<number, Tracked>();
  readonly #ids = new Uuid7();
  #typedAt: number | undefined;

  constructor(key: string, deps: RoomDeps) {
    this.key = key;
    this.#deps = deps;
    const shared = { room: key, calls: deps.calls, me: () => deps.me(), touched: () => deps.touched(key) };
    this.people = new People(shared);
    this.view = new RoomWindow({
      ...shared,
      max: deps.environment.windowMessages,
      cursor: () => deps.follower.cursor(key),
      isOffline: () => deps.isOffline(),
      kept: () => deps.kept(key),
      keepSoon: (messages) => deps.keepSoon(key, messages),
      arrived: (messages) => deps.arrived(this, messages),
    });
  }

  get summary(): RoomSummary | undefined { return this.#deps.summary(this.key); }
  get window(): MessageWindow { return this.view.snapshot; }
  get outgoing(): readonly OutgoingMessage[] { return this.#deps.outgoing(this.key); }
  get typing(): readonly User[] { return this.people.typing; }
  get members(): MemberList { return this.people.members; }
  get draft(): Draft { return this.#deps.draft(this.key); }

  subscribe(listener: (room: Room) => void): () => void { return this.#deps.subscribe(this.key, listener); }

  open(around?: number): Promise<void> {
    this.#deps.opened(this);
    return this.view.open(around);
  }
  loadOlder(): Promise<void> { return this.view.loadOlder(); }
  loadNewer(): Promise<void> { return this.view.loadNewer(); }
  close(): void { this.view.close(); }

  async find(seq: number): Promise<Message | null> {
    const known = this.view.find(seq) ?? this.#found.get(seq)?.message;
    if (known) return known;
    const page = await this.#deps.calls.call('history', { room: this.key, around: seq, limit: 1 }, { retry: true });
    const found = page.messages.find((message) => message.seq === seq);
    if (!found) return null;
    const tracked = ofPage(found, page.head, this.#deps.me());
    // While it was under way, an entry may have come that is not in it: then it is asked for again next time.
    if (page.head >= (this.#deps.follower.cursor(this.key) ?? 0)) this.#found.set(seq, tracked);
    const oldest = this.#found.size > FOUND_MAX ? this.#found.keys().next().value : undefined;
    if (oldest !== undefined) this.#found.delete(oldest);
    return tracked.message;
  }

  send(body: string, { replyTo }: { readonly replyTo?: number } = {}): OutgoingMessage {
    this.#typedAt = undefined;
    return this.#deps.send(this.key, body, replyTo);
  }

  async edit(seq: number, body: string): Promise<void> { await this.#call('edit', { target: seq, body }); }
  async delete(seq: number): Promise<void> { await this.#call('delete', { target: seq }); }
  async react(seq: number, emoji: string, on: boolean): Promise<void> { await this.#call('react', { target: seq, emoji, on }); }

  markRead(seq?: number): void {
    const head = Math.max(this.summary?.head ?? 0, this.#deps.follower.cursor(this.key) ?? 0);
    this.#deps.markRead(this.key, Math.min(seq ?? head, head));
  }

  setTyping(on: boolean): void {
    const now = uptime();
    if (on ? this.#typedAt !== undefined && now - this.#typedAt < TYPING_EVERY_MS : this.#typedAt === undefined) return;
    this.#typedAt = on ? now : undefined;
    this.#deps.calls.once('typing', { room: this.key, on }).catch(() => {});
  }

  setDraft(draft: Draft): void { this.#deps.setDraft(this.key, draft); }
  loadMembers(): Promise<void> { return this.people.load(); }

  async update(changes: { readonly title?: string; readonly topic?: string; readonly history?: HistoryRule; readonly kind?: 'public' | 'private' }): Promise<RoomCard> {
    return (await this.#call('room.update', changes)).card;
  }
  async invite(user: string, reason?: string): Promise<void> { await this.#call('invite', on(user, reason)); }
  async kick(user: string, reason?: string): Promise<void> { await this.#call('kick', on(user, reason)); }
  async ban(user: string, reason?: string): Promise<void> { await this.#call('ban', on(user, reason)); }
  async unban(user: string, reason?: string): Promise<void> { await this.#call('unban', on(user, reason)); }
  async mute(user: string, untilMs: number, reason?: string): Promise<void> { await this.#call('mute', { ...on(user, reason), until_ms: untilMs }); }
  async setRole(user: string, role: Role): Promise<void> { await this.#call('role', { user, role }); }
  setPrefs(prefs: { readonly quietUntil?: number; readonly favourite?: boolean }): Promise<void> { return this.#deps.setPrefs(this.key, prefs); }

  async createLink({ uses, untilMs }: { readonly uses?: number; readonly untilMs?: number } = {}): Promise<{ readonly link: LinkLine; readonly code: string }> {
    const ends = { ...uses !== undefined && { uses }, ...untilMs !== undefined && { until_ms: untilMs } };
    return this.#call('link.create', { cid: this.#ids.next(), ...ends });
  }
  async links(): Promise<readonly LinkLine[]> { return (await this.#call('links', {})).links; }
  async revokeLink(link: string): Promise<void> { await this.#call('link.revoke', { link }); }

  /** The next entry of the room. */
  entry(entry: Entry): void {
    this.view.entry(entry);
    this.people.entry(entry);
    if (!('target' in entry)) return;
    const found = this.#found.get(entry.target);
    if (found) this.#found.set(entry.target, applied(found, entry, this.#deps.me()));
  }

  skipped(): void {
    this.#found.clear();
    this.view.skipped();
  }

  /** There is a line again, and presence was not followed meanwhile. */
  reconnected(): void {
    this.view.reconnected();
    if (this.people.wanted) this.people.load().catch(() => {});
  }

  /** There is no line; with `lasting`, nor will there be one soon. */
  offline(lasting: boolean): void {
    this.people.offline();
    if (lasting) this.view.offline();
  }

  /** Someone else is here, or one is no longer a member. */
  reset(): void {
    this.#found.clear();
    this.view.close();
    this.people.clear();
  }

  #call<K extends RoomOp>(op: K, d: Omit<Inputs[K], 'room'>): Promise<Replies[K]> {
    return this.#deps.calls.call(op as string, { room: this.key, ...d }, { retry: true }) as Promise<Replies[K]>;
  }
}

type RoomOp = 'edit' | 'delete' | 'react' | 'room.update' | 'invite' | 'kick' | 'ban' | 'unban' | 'mute' | 'role' | 'link.create' | 'links' | 'link.revoke';
type AllOps = Ops;
type Inputs = { [K in RoomOp]: AllOps[K]['d'] };
type Replies = { [K in RoomOp]: AllOps[K]['ok'] };

function on(user: string, reason: string | undefined): { user: string; reason?: string } {
  return { user, ...reason !== undefined && { reason } };
}

