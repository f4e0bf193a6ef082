// The client as the application holds it.

import { Core } from './core.js';
import { ParlorError } from './error.js';
import type { Account, CallOptions, ClientEvents, ParlorClient, PictureFile, Room } from './face.js';
import { request, upload } from './http.js';
import type { ClientOptions, Identity } from './options.js';
import type { HistoryRule, OpInput, OpReply, Profile, RoomLine, SessionLine, User } from './protocol.js';
import { Uuid7 } from './uuid7.js';
import type { ClientState } from './views.js';

/** Makes a client, which connects at once if it knows as whom. */
export function createClient(options: ClientOptions): ParlorClient {
  return new Client(options);
}

const SESSIONS_MAX = 64;

class Client implements ParlorClient {
  readonly #core: Core;
  readonly #ids = new Uuid7();

  constructor(options: ClientOptions) { this.#core = new Core(options); }

  get state(): ClientState { return this.#core.snapshots.state(); }
  on<K extends keyof ClientEvents>(event: K, listener: (detail: ClientEvents[K]) => void): () => void { return this.#core.events.on(event, listener); }

  signIn(identity: Identity): Promise<User> { return this.#core.connection.signIn(identity); }

  async login(account: Account): Promise<User> {
    const { token } = await request(this.#core.environment, null, 'POST', 'login', account) as { token: string };
    return this.signIn({ token });
  }

  async register(account: Account & { readonly invite?: string }): Promise<User> {
    const { token } = await request(this.#core.environment, null, 'POST', 'register', account) as { token: string };
    return this.signIn({ token });
  }

  async logout(): Promise<void> {
    const { connection, calls } = this.#core;
    const { user } = connection;
    if (!user) return;
    try {
      if (connection.line) await calls.once('logout', {});
      else await this.request('POST', 'logout');
    } catch (error) {
      // A session that has ended already is what was asked for.
      if (!(error instanceof ParlorError) || error.code !== 401) throw error;
    }
    this.#core.signOut(user.guest);
  }

  async changePassword(old: string, password: string): Promise<void> { await this.request('POST', 'password', { old, new: password }); }

  async deleteAccount(password: string): Promise<void> {
    await this.request('POST', 'delete-account', { password });
    this.#core.signOut(true);
  }

  async upgrade(wanted: { readonly password: string; readonly name?: string; readonly invite?: string }): Promise<User> {
    return (await this.request('POST', 'upgrade', wanted) as { user: User }).user;
  }

  async sessions(): Promise<SessionLine[]> {
    const sessions: SessionLine[] = [];
    let after: string | undefined;
    do {
      const page = await this.#asked('sessions', after === undefined ? {} : { after });
      sessions.push(...page.sessions);
      after = page.next;
    } while (after !== undefined && sessions.length < SESSIONS_MAX);
    return sessions;
  }

  async revokeSession(session: string): Promise<void> {
    if (session === this.#core.session) { await this.logout(); return; }
    await this.#asked('session.revoke', { session });
  }

  reconnect(): void { this.#core.connection.reconnect(); }
  close(): void { this.#core.close(); }

  room(key: string): Room { return this.#core.room(key); }

  async join(key: string, code?: string): Promise<Room> {
    const { card, head } = await this.#asked('join', { room: key, limit: 1, ...code !== undefined && { code } });
    this.#core.follower.follow(card.room, head);
    this.#core.list.joined(card, head);
    return this.room(card.room);
  }

  async leave(key: string): Promise<void> {
    await this.#asked('leave', { room: key });
    this.#core.gone(key, 'left');
  }

  async createRoom(wanted: { readonly name: string; readonly kind: 'public' | 'private'; readonly topic?: string; readonly history?: HistoryRule }): Promise<Room> {
    const { card } = await this.#asked('room.create', { ...wanted, cid: this.#ids.next() });
    return this.join(card.room);
  }

  async openDirect(user: string): Promise<Room> {
    const { card } = await this.#asked('dm', { user });
    return this.join(card.room);
  }

  publicRooms(after?: string): Promise<{ readonly rooms: readonly RoomLine[]; readonly next?: string }> {
    return this.#asked('rooms', { all: true, ...after !== undefined && { after } });
  }

  async linkInfo(code: string): Promise<{ readonly room: string; readonly title: string; readonly members: number }> {
    return await request(this.#core.environment, null, 'POST', 'link', { code }) as OpReply<'link.info'>;
  }

  profile(user: string): Profile | undefined { return this.#core.profiles.of(user); }

  async setProfile(changes: { readonly display?: string; readonly colour?: string; readonly picture?: '' }): Promise<Profile> {
    const { profile } = await this.#asked('profile.set', changes);
    this.#core.profiles.set(profile);
    return profile;
  }

  async setPicture(file: PictureFile): Promise<Profile> {
    const { environment, connection, profiles } = this.#core;
    const { profile } = await upload(environment, connection.token, 'picture', file) as OpReply<'profile.set'>;
    profiles.set(profile);
    return profile;
  }

  pictureUrl(picture: string): string { return `${this.#core.environment.base}/api/v1/pictures/${encodeURIComponent(picture)}`; }
  refresh(): Promise<void> { return this.#core.list.refresh(); }
  call<K extends string>(op: K, d: OpInput<K>, options?: CallOptions): Promise<OpReply<K>> { return this.#core.calls.call(op, d, options); }
  request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> { return request(this.#core.environment, this.#core.connection.token, method, path, body); }

  /** A command of the client's own: each may be repeated. */
  #asked<K extends string>(op: K, d: OpInput<K>): Promise<OpReply<K>> { return this.#core.calls.call(op, d, { retry: true }); }
}
