// The public face: a client, and a room of it. `createClient` makes the former, `client.room(key)` the latter.

import type { ParlorError } from './error.js';
import type { Identity } from './options.js';
import type { HistoryRule, LinkLine, OpInput, OpReply, Profile, Role, RoomCard, RoomLine, SessionLine, User } from './protocol.js';
import type { ClientState, Draft, MemberList, Message, MessageWindow, OutgoingMessage, RoomSummary } from './views.js';

/** What `client.on` tells. `change` and `room` come at most once per tick, `room` once for each room touched in it. */
export interface ClientEvents {
  /** `client.state` is a new snapshot. */
  change: ClientState;
  /** Something of this room changed: window, outgoing, typing, members, draft or summary. */
  room: Room;
  /** A message of someone else, as it came live: for notifications. Nothing that was replayed or paged. */
  message: { readonly room: Room; readonly message: Message };
  /** Membership ended. */
  gone: { readonly room: string; readonly title: string; readonly why: string; readonly by?: User; readonly reason?: string };
  /** From the server, for people: `storage_unavailable`, `storage_available` or what it says else. */
  notice: { readonly name: string; readonly message: string };
  /** A message of one's own was refused; it is in `room.outgoing` too. */
  refused: { readonly room: Room; readonly message: OutgoingMessage };
  /** A push that this package does not know: an extension's (`x.NAME.PUSH`). */
  push: { readonly ev: string; readonly room?: string; readonly d: unknown };
}

/** What `fetch` takes as a body: bytes, or a `Blob` such as a file. */
export type PictureFile = Uint8Array | ArrayBuffer | { readonly size: number; readonly type: string; arrayBuffer(): Promise<ArrayBuffer> };

export interface Account {
  readonly name: string;
  readonly password: string;
  /** What `sessions()` calls this device. */
  readonly device?: string;
}

/** Times in ms. `retry` repeats refusals that may pass for at most `timeoutMs` (default 15 s). */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly retry?: boolean;
}

/**
 * A client of one server and one identity at a time. It connects by itself, resumes, and comes back after any cut.
 * Promises reject with a `ParlorError`.
 */
export interface ParlorClient {
  readonly state: ClientState;
  /** Calls `listener` until the returned function is called. An error that it throws disturbs nobody else. */
  on<K extends keyof ClientEvents>(event: K, listener: (detail: ClientEvents[K]) => void): () => void;

  /** Signs in, in the place of whoever is signed in here; resolves once the server welcomed. Rejects with what it refused, and the former identity stays. */
  signIn(identity: Identity): Promise<User>;
  login(account: Account): Promise<User>;
  /** `invite` is the server's invite code, where it wants one. */
  register(account: Account & { readonly invite?: string }): Promise<User>;
  /** Ends the session on the server and forgets it here. Unsent texts of an account stay under it; a guest's are deleted. */
  logout(): Promise<void>;
  changePassword(old: string, password: string): Promise<void>;
  deleteAccount(password: string): Promise<void>;
  /** Makes an account of the guest that is signed in here, who keeps id, rooms and messages. */
  upgrade(wanted: { readonly password: string; readonly name?: string; readonly invite?: string }): Promise<User>;
  /** All own sessions, newest first. */
  sessions(): Promise<SessionLine[]>;
  /** Ends a session by its id, or all others. */
  revokeSession(session: string | 'others'): Promise<void>;

  /** Tries to connect at once; also after `stopped`. */
  reconnect(): void;
  /** Closes the connection for good; what waits stays in the storage for the next client. */
  close(): void;

  /** The room of this key, the same object each time. It need not be one's own room; then it has no summary. */
  room(key: string): Room;
  /** Joins a public room, accepts an invitation, or comes in by the `code` of a link. */
  join(key: string, code?: string): Promise<Room>;
  /** Leaves a room, declines an invitation, closes a direct room. */
  leave(key: string): Promise<void>;
  createRoom(wanted: { readonly name: string; readonly kind: 'public' | 'private'; readonly topic?: string; readonly history?: HistoryRule }): Promise<Room>;
  /** Opens the direct room with a user: an id, or `@name`. */
  openDirect(user: string): Promise<Room>;
  /** A page of all public rooms that somebody is in. */
  publicRooms(after?: string): Promise<{ readonly rooms: readonly RoomLine[]; readonly next?: string }>;
  /** The room of a link's code; also before signing in. */
  linkInfo(code: string): Promise<{ readonly room: string; readonly title: string; readonly members: number }>;
  /** What is known of a user's profile. The first call for a user asks the server; `change` says when it is here. */
  profile(user: string): Profile | undefined;
  setProfile(changes: { readonly display?: string; readonly colour?: string; readonly picture?: '' }): Promise<Profile>;
  /** Takes a file (a `Blob` or bytes): PNG, JPEG, GIF or WebP of at most 32 KiB and 512 × 512. Accounts only. */
  setPicture(file: PictureFile): Promise<Profile>;
  /** The address of a profile's `picture`. */
  pictureUrl(picture: string): string;
  /** Reads the list of rooms again. It happens by itself where it is needed. */
  refresh(): Promise<void>;

  /** Any command: of the protocol, typed, or of an extension. Only over the connection. */
  call<K extends string>(op: K, d: OpInput<K>, options?: CallOptions): Promise<OpReply<K>>;
  /** Any request over HTTP, below `/api/v1/`, with the session's token. */
  request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
}

/** One room: what is loaded of it, and what can be done in it. */
export interface Room {
  readonly key: string;
  /** Undefined if it is not one's own room. */
  readonly summary: RoomSummary | undefined;
  readonly window: MessageWindow;
  /** Own messages on their way, in the order they were typed: to show after the window. */
  readonly outgoing: readonly OutgoingMessage[];
  /** Others who are typing. */
  readonly typing: readonly User[];
  readonly members: MemberList;
  readonly draft: Draft;
  /** Like the client's event `room`, for this room alone. */
  subscribe(listener: (room: Room) => void): () => void;

  /** Loads the newest page, or one around `around`; what was loaded before gives way. Resolves when it is there. */
  open(around?: number): Promise<void>;
  /** Loads a page at the older end. Resolves at once if there is none, or one is under way. */
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Empties the window. */
  close(): void;
  /** A message by its `seq`, from the window or the server; null if there is none, or not for this user. */
  find(seq: number): Promise<Message | null>;

  /**
   * Takes a message: it is stored before this returns, appears in `outgoing`, and is sent as soon as its turn comes,
   * exactly once. The draft is cleared if it is this very text. Throws `outbox_full` or `signed_out`, and then nothing happened.
   */
  send(body: string, options?: { readonly replyTo?: number }): OutgoingMessage;
  edit(seq: number, body: string): Promise<void>;
  delete(seq: number): Promise<void>;
  react(seq: number, emoji: string, on: boolean): Promise<void>;
  /** Moves the read marker up to `seq` (default: the last one known). The count changes at once; several calls within 300 ms are one command. */
  markRead(seq?: number): void;
  /** Call it with each key; at most one command per 3 s is made of it. False: no longer typing. */
  setTyping(on: boolean): void;
  /** Keeps an unsent text for this room and identity, also over a reload. An empty one is deleted. */
  setDraft(draft: Draft): void;
  /** Loads the members and keeps them up to date from then on. */
  loadMembers(): Promise<void>;

  update(changes: { readonly title?: string; readonly topic?: string; readonly history?: HistoryRule; readonly kind?: 'public' | 'private' }): Promise<RoomCard>;
  invite(user: string, reason?: string): Promise<void>;
  kick(user: string, reason?: string): Promise<void>;
  ban(user: string, reason?: string): Promise<void>;
  unban(user: string, reason?: string): Promise<void>;
  /** `untilMs` is a moment (Date.now()); 0 ends a mute. */
  mute(user: string, untilMs: number, reason?: string): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
  /** What one wants of this room, for oneself: quiet until a moment (0: no longer; `Number.MAX_SAFE_INTEGER`: for good), at the top of the list. */
  setPrefs(prefs: { readonly quietUntil?: number; readonly favourite?: boolean }): Promise<void>;
  /** Makes a link that lets people in; the `code` goes into an address. */
  createLink(ends?: { readonly uses?: number; readonly untilMs?: number }): Promise<{ readonly link: LinkLine; readonly code: string }>;
  links(): Promise<readonly LinkLine[]>;
  revokeLink(link: string): Promise<void>;
}

export type { ParlorError };
