// The parts of a client and how they are joined: what the connection says goes to the cursors, from there to the
// rooms, and everything that is bound to an identity ends with it.

import { Calls } from './calls.js';
import { Changes } from './changes.js';
import { Connection } from './connection.js';
import { Drafts } from './drafts.js';
import { Emitter } from './emitter.js';
import { environment, type Environment } from './environment.js';
import { ParlorError } from './error.js';
import type { ClientEvents, Room } from './face.js';
import { Follower } from './follower.js';
import { KeptPages } from './kept-pages.js';
import type { PushFrame } from './line.js';
import { ofEntry } from './messages.js';
import type { ClientOptions } from './options.js';
import { Outbox } from './outbox.js';
import type { PresencePush } from './people.js';
import { Profiles } from './profiles.js';
import type { Entry, HelloReply, Limits, Profile, RoomPrefs, User } from './protocol.js';
import { ReadMarkers } from './read-markers.js';
import { RoomHandle } from './room-handle.js';
import { RoomList, type RoomPush } from './room-list.js';
import { Snapshots } from './snapshots.js';
import type { Draft, OutgoingMessage } from './views.js';

/** What belongs to whoever is here. */
interface Person {
  readonly id: string;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly pages: KeptPages;
}

const NOTHING: readonly OutgoingMessage[] = [];
const NO_DRAFT: Draft = { body: '' };

export class Core {
  readonly environment: Environment;
  readonly connection: Connection;
  readonly calls: Calls;
  readonly list: RoomList;
  readonly profiles: Profiles;
  readonly events = new Emitter<ClientEvents>();
  readonly snapshots: Snapshots;
  readonly follower: Follower;
  session: string | null = null;
  limits: Limits | undefined;
  readonly #rooms = new Map<string, RoomHandle>();
  readonly #roomEvents = new Emitter<Record<string, Room>>();
  /** Rooms with a window, the one opened last at the end. */
  readonly #open = new Set<RoomHandle>();
  readonly #changes: Changes;
  readonly #markers: ReadMarkers;
  readonly #sleepless: () => void;
  #person: Person | null = null;

  constructor(options: ClientOptions) {
    this.environment = environment(options);
    this.#changes = new Changes((rooms, client) => this.#tell(rooms, client));
    this.connection = new Connection(this.environment, {
      resume: () => this.follower.resume(),
      welcomed: (reply, fresh) => this.#welcomed(reply, fresh),
      push: (frame) => this.#push(frame),
      changed: () => this.#connectionChanged(),
    });
    this.calls = new Calls(this.connection);
    this.follower = new Follower(this.calls, {
      apply: (room, entry, live) => this.#apply(room, entry, live),
      skipped: (room) => this.#rooms.get(room)?.skipped(),
      moved: (room, cursor) => this.#person?.outbox.moved(room, cursor),
    });
    this.list = new RoomList(this.environment, this.calls, {
      cursor: (room) => this.follower.cursor(room),
      unsent: (room) => this.outgoing(room).length,
      touched: (room) => this.#summaryTouched(room),
      changed: () => this.#changed(),
    });
    this.#markers = new ReadMarkers(this.calls, () => { if (this.list.uncertain) this.list.refreshSoon(); });
    this.profiles = new Profiles(this.calls, () => this.#changed());
    this.snapshots = new Snapshots(this);
    this.#sleepless = this.environment.wakeUps((why) => this.connection.wake(why));
    this.connection.start(options.identity);
    if (this.connection.user) this.#begin(this.connection.user);
  }

  /** The rooms that have something unsent. */
  get unsentRooms(): readonly string[] { return this.#person?.outbox.rooms ?? []; }
  get me(): string { return this.#person?.id ?? ''; }

  outgoing(room: string): readonly OutgoingMessage[] { return this.#person?.outbox.of(room) ?? NOTHING; }
  draft(room: string): Draft { return this.#person?.drafts.of(room) ?? NO_DRAFT; }

  room(key: string): RoomHandle {
    const known = this.#rooms.get(key);
    if (known) return known;
    const room = new RoomHandle(key, {
      environment: this.environment,
      calls: this.calls,
      follower: this.follower,
      me: () => this.me,
      summary: (of) => this.snapshots.summary(of),
      outgoing: (of) => this.outgoing(of),
      draft: (of) => this.draft(of),
      send: (to, body, replyTo) => this.#send(to, body, replyTo),
      setDraft: (of, draft) => { if (this.#person?.drafts.set(of, draft)) this.#summaryTouched(of); },
      markRead: (of, seq) => this.#markRead(of, seq),
      setPrefs: (of, prefs) => this.#setPrefs(of, prefs),
      isOffline: () => this.#isOffline(),
      kept: (of) => this.#person?.pages.of(of) ?? [],
      keepSoon: (of, messages) => this.#person?.pages.keepSoon(of, messages),
      opened: (which) => this.#opened(which),
      arrived: (which, messages) => {
        this.#person?.outbox.seen(which.key, messages);
        if (!which.window.newer) this.list.arrived(which.key, messages.at(-1));
      },
      touched: (of) => this.#changes.room(of),
      subscribe: (of, listener) => this.#roomEvents.on(of, listener),
    });
    this.#rooms.set(key, room);
    return room;
  }

  /** One is no longer a member. */
  gone(room: string, why: string, by?: User, reason?: string): void {
    this.follower.forget(room);
    this.#person?.pages.forget(room);
    const card = this.list.gone(room);
    this.#rooms.get(room)?.reset();
    if (card) this.events.emit('gone', { room, title: card.title || room, why, ...by && { by }, ...reason !== undefined && { reason } });
  }

  /** Nobody is here any longer, and what they could read is not kept. With `forget`, what they wrote and did not send is deleted, too. */
  signOut(forget: boolean): void {
    if (forget) this.#end('all');
    this.connection.signOut();
  }

  close(): void {
    this.connection.close();
    this.#end('nothing');
    this.#sleepless();
  }

  #begin({ id }: User): void {
    this.#end('readable');
    const outbox = new Outbox(this.environment, this.connection.user as User, this.calls, {
      ready: () => this.connection.line !== null && this.connection.state.status !== 'draining',
      cursor: (room) => this.follower.cursor(room),
      touched: (room) => this.#summaryTouched(room),
      refused: (room, message) => this.events.emit('refused', { room: this.room(room), message }),
    });
    this.#person = { id, outbox, drafts: new Drafts(this.environment, id), pages: new KeptPages(this.environment, id) };
    this.list.begin(id);
  }

  /** Ends what belongs to the person. Of what the storage keeps, what they could read is deleted, or all. */
  #end(deleted: 'nothing' | 'readable' | 'all'): void {
    if (!this.#person) return;
    this.#person.outbox.end(deleted === 'all');
    if (deleted === 'all') this.#person.drafts.clear();
    if (deleted === 'nothing') this.#person.pages.end();
    else {
      this.#person.pages.clear();
      this.list.forget();
    }
    this.#person = null;
    this.session = null;
    this.calls.someoneElse();
    this.follower.clear();
    this.#markers.clear();
    this.profiles.clear();
    this.list.end();
    this.#open.clear();
    for (const [key, room] of this.#rooms) { room.reset(); this.#changes.room(key); }
  }

  #welcomed(reply: HelloReply, fresh: boolean): void {
    if (fresh || !this.#person) this.#begin(reply.user);
    this.session = reply.session;
    this.limits = reply.limits;
    this.follower.welcomed(reply);
    for (const room of this.list.welcomed(reply)) this.gone(room, 'left');
    this.profiles.reconnected();
    for (const room of this.#rooms.values()) room.reconnected();
    this.#person?.outbox.reconnected();
    void this.#markers.flush();
  }

  #connectionChanged(): void {
    // Before the parts exist, the connection has only just begun.
    if (!this.snapshots) return;
    if (!this.connection.user) this.#end('readable');
    if (!this.connection.line) for (const room of this.#rooms.values()) room.offline(this.#isOffline());
    this.calls.changed();
    this.#changed();
  }

  #isOffline(): boolean { return this.connection.state.status === 'offline' || this.connection.state.status === 'stopped'; }

  #push({ ev, room, d }: PushFrame): void {
    if (room === undefined) this.#pushOfAll(ev, d);
    else this.#pushOfRoom(ev, room, d);
  }

  #pushOfAll(ev: string, d: unknown): void {
    switch (ev) {
      case 'resumed': this.follower.resumed(); break;
      case 'heads': for (const [room, head] of Object.entries(d as Record<string, number>)) this.follower.behind(room, head); break;
      case 'notice': this.events.emit('notice', d as ClientEvents['notice']); break;
      case 'profile': this.profiles.set(d as Profile); break;
      case 'ping': break;
      default: this.events.emit('push', { ev, d });
    }
  }

  #pushOfRoom(ev: string, room: string, d: unknown): void {
    switch (ev) {
      case 'entry': this.follower.entry(room, d as Entry); break;
      case 'gap': this.follower.behind(room, (d as { to: number }).to); break;
      case 'room':
        if ((d as RoomPush).why !== 'invited') this.follower.follow(room, (d as RoomPush).head);
        this.list.pushed(room, d as RoomPush);
        break;
      case 'gone': { const { why, by, reason } = d as { why: string; by?: User; reason?: string }; this.gone(room, why, by, reason); break; }
      case 'typing': this.#rooms.get(room)?.people.typed(d as { user: User; on: boolean }); break;
      case 'presence': this.#rooms.get(room)?.people.presence(d as PresencePush); break;
      case 'read': this.list.markedElsewhere(room, (d as { seq: number }).seq); break;
      case 'prefs': this.list.prefs(room, d as RoomPrefs); break;
      default: this.events.emit('push', { ev, room, d });
    }
  }

  #apply(room: string, entry: Entry, live: boolean): void {
    this.list.entry(room, entry);
    this.#rooms.get(room)?.entry(entry);
    if (entry.kind !== 'message') return;
    if (entry.author.id === this.me) this.#person?.outbox.seen(room, [entry]);
    else if (live && !entry.deleted) this.events.emit('message', { room: this.room(room), message: ofEntry(entry, this.me).message });
  }

  #send(room: string, body: string, replyTo: number | undefined): OutgoingMessage {
    if (!this.#person) throw ParlorError.local('signed_out');
    const message = this.#person.outbox.add(room, body, replyTo);
    if (this.#person.drafts.of(room).body === body) this.#person.drafts.set(room, NO_DRAFT);
    this.#summaryTouched(room);
    return message;
  }

  #markRead(room: string, seq: number): void {
    const record = this.list.records.get(room);
    if (record?.membership !== 'member' || seq <= record.counts.read) return;
    this.list.marked(room, seq);
    this.#markers.mark(room, seq);
  }

  async #setPrefs(room: string, { quietUntil, favourite }: { quietUntil?: number; favourite?: boolean }): Promise<void> {
    const { prefs } = await this.calls.call('room.prefs', {
      room, ...quietUntil !== undefined && { quiet_until_ms: quietUntil }, ...favourite !== undefined && { favourite },
    }, { retry: true });
    this.list.prefs(room, prefs);
  }

  #opened(room: RoomHandle): void {
    this.#open.delete(room);
    this.#open.add(room);
    const [oldest] = this.#open;
    if (oldest && this.#open.size > this.environment.windows) { this.#open.delete(oldest); oldest.close(); }
  }

  #summaryTouched(room: string): void {
    this.snapshots.touched(room);
    this.#changes.room(room);
    this.#changes.client();
  }

  #changed(): void {
    this.snapshots.changed();
    this.#changes.client();
  }

  #tell(rooms: readonly string[], client: boolean): void {
    for (const key of rooms) {
      const room = this.room(key);
      this.#roomEvents.emit(key, room);
      this.events.emit('room', room);
    }
    if (client) this.events.emit('change', this.snapshots.state());
  }
}
