// The shapes of the protocol `parlor.v1`, as docs/protocol.md gives them. Fields that not every server has
// are optional; what a server adds is ignored. Nothing here is computed by this package.

/** A person. Ids never change, names may. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly guest: boolean;
}

export type Role = 'member' | 'moderator' | 'owner';
export type RoomKind = 'public' | 'private' | 'direct';
export type HistoryRule = 'all' | 'since_join';

/** What a room is, as the asking person sees it. `with` is the other person of a direct room. */
export interface RoomCard {
  readonly room: string;
  readonly title: string;
  readonly topic: string;
  readonly kind: RoomKind;
  readonly history: HistoryRule;
  /** One's own role; absent (or null) for someone who is not a member. */
  readonly role?: Role | null;
  readonly with?: User;
}

interface EntryBase {
  readonly seq: number;
  readonly id: string;
  readonly author: User;
  /** RFC 3339, UTC, milliseconds. Only for display: `seq` alone orders. */
  readonly at: string;
}

export interface MessageEntry extends EntryBase {
  readonly kind: 'message';
  readonly cid: string;
  /** Absent once the message is deleted. */
  readonly body?: string;
  readonly reply_to?: number;
  readonly mentions?: readonly User[];
  readonly deleted?: boolean;
}
export interface EditedEntry extends EntryBase { readonly kind: 'edited'; readonly target: number; readonly body?: string }
export interface DeletedEntry extends EntryBase { readonly kind: 'deleted'; readonly target: number }
export interface ReactionEntry extends EntryBase { readonly kind: 'reaction'; readonly target: number; readonly emoji: string; readonly on: boolean }
export interface MovementEntry extends EntryBase { readonly kind: 'joined' | 'left' }
/** Someone acted upon `user`. */
export interface ModerationEntry extends EntryBase {
  readonly kind: 'invited' | 'kicked' | 'banned' | 'unbanned' | 'muted' | 'unmuted' | 'role';
  readonly user: User;
  readonly reason?: string;
  readonly until_ms?: number;
  readonly role?: Role;
}
/** Title, topic, history or kind changed; the new card comes by a `room` push. */
export interface RoomEntry extends EntryBase { readonly kind: 'room' }

/** One durable change of a room. Clients skip kinds that they do not know. */
export type Entry = MessageEntry | EditedEntry | DeletedEntry | ReactionEntry | MovementEntry | ModerationEntry | RoomEntry;

/** What a timeline shows between messages: who came, went, was invited, moderated; what of the room changed. */
export type EventEntry = MovementEntry | ModerationEntry | RoomEntry;

export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly mine: boolean;
}

/** A message as `history` gives it: the state as of the `head` of that answer. */
export interface HistoryMessage {
  readonly seq: number;
  readonly id: string;
  readonly author: User;
  readonly at: string;
  readonly cid: string;
  readonly body?: string;
  readonly deleted: boolean;
  readonly edited_at?: string;
  readonly edited_seq?: number;
  readonly reply_to?: number;
  readonly mentions?: readonly User[];
  readonly reactions: readonly Reaction[];
}

export interface MemberLine {
  readonly user: User;
  readonly role: Role;
  readonly online: boolean;
  readonly muted_until?: string;
}

/** A line of `rooms`. The counts are those of the log up to `head`. */
export interface RoomLine {
  readonly card: RoomCard;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  /** False for a direct room that someone else opened and that one has not answered yet. */
  readonly answered?: boolean;
  /** Absent when nothing is set, and from servers that do not know of it. */
  readonly prefs?: RoomPrefs;
  /** Absent when there is none, and from servers that do not know of it. */
  readonly last?: LastLine;
}

/** What one wants of a room, for oneself alone: no notice before `quiet_until_ms` (0: notices). */
export interface RoomPrefs {
  readonly quiet_until_ms: number;
  readonly favourite: boolean;
}

/** The newest message of a room; `preview` is the beginning of its text, at most 160 characters. */
export interface LastLine {
  readonly seq: number;
  readonly id: string;
  readonly author: User;
  readonly at: string;
  readonly preview?: string;
  readonly edited: boolean;
  readonly deleted: boolean;
}

/** How someone wants to be shown. `picture` is a hash: see `ParlorClient.pictureUrl`. */
export interface Profile {
  readonly user: User;
  readonly display?: string;
  readonly colour?: string;
  readonly picture?: string;
}

/** A link that lets people into a room. `uses` and `until_ms` are absent where there is no such end. */
export interface LinkLine {
  readonly link: string;
  readonly by: User;
  readonly at: string;
  readonly uses?: number;
  readonly used: number;
  readonly until_ms?: number;
}

export interface InvitationLine {
  readonly card: RoomCard;
  readonly by: User;
  readonly seq: number;
}

export interface SessionLine {
  readonly session: string;
  readonly device?: string;
  readonly created_at: string;
  readonly seen_at: string;
  readonly online: boolean;
  /** True for the session that asks. */
  readonly current: boolean;
}

/** What the server allows; sent with every `hello` reply. */
export interface Limits {
  readonly frame_bytes: number;
  readonly body_chars: number;
  readonly body_bytes: number;
  readonly page_max: number;
  readonly rooms_max: number;
  readonly sends_per_s: number;
  readonly commands_per_s: number;
}

/** The line of one room in the `hello` reply. */
export interface ResumeLine {
  readonly head?: number;
  readonly from?: number;
  readonly complete?: boolean;
  readonly gap?: readonly [number, number];
  readonly gone?: boolean;
  readonly reset?: boolean;
}

export interface HelloReply {
  readonly session: string;
  readonly token: string;
  readonly user: User;
  readonly epoch: string;
  readonly resumed: boolean;
  readonly rooms: Readonly<Record<string, ResumeLine>>;
  readonly durability: string;
  readonly ping_s: number;
  readonly limits: Limits;
  readonly time: string;
}

/** What `search` looks for, on servers that have it. `from` is an id or `@name`; the times are exclusive, in ms. */
export interface SearchQuery {
  readonly query: string;
  readonly room?: string;
  readonly from?: string;
  readonly before?: number;
  readonly after?: number;
  readonly has?: 'link';
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** A message that `search` found; `highlights` are the places of the words in `body`, as `slice` counts. */
export interface FoundMessage {
  readonly room: string;
  readonly seq: number;
  readonly id: string;
  readonly author: User;
  readonly at: string;
  readonly body: string;
  readonly edited_at?: string;
  readonly reply_to?: number;
  readonly highlights: readonly (readonly [number, number])[];
}

interface Nothing { readonly [name: string]: never }
interface InRoom { readonly room: string }
interface OnUser extends InRoom { readonly user: string; readonly reason?: string }
interface Done { readonly seq: number; readonly dup: boolean }

/** Every op of the protocol but `hello`, which the client says by itself: what it takes and what it answers. */
export interface Ops {
  join: { d: InRoom & { after?: number; limit?: number; code?: string }; ok: { card: RoomCard; head: number; entries: Entry[]; complete: boolean; members: { count: number; online: User[] } } };
  leave: { d: InRoom; ok: { seq: number; dup?: boolean } };
  send: { d: InRoom & { cid: string; body: string; reply_to?: number }; ok: Done & { id: string; at: string } };
  edit: { d: InRoom & { target: number; body: string }; ok: Done };
  delete: { d: InRoom & { target: number }; ok: Done };
  react: { d: InRoom & { target: number; emoji: string; on: boolean }; ok: Done };
  log: { d: InRoom & { after: number; limit?: number }; ok: { entries: Entry[]; head: number } };
  history: { d: InRoom & { before?: number; after?: number; around?: number; limit?: number }; ok: { messages: HistoryMessage[]; more: boolean; head: number } };
  read: { d: InRoom & { seq: number }; ok: { seq: number; unread: number; mentions: number } };
  typing: { d: InRoom & { on: boolean }; ok: Nothing };
  members: { d: InRoom & { after?: string }; ok: { members: MemberLine[]; next?: string } };
  presence: { d: InRoom; ok: { online: User[]; count: number } };
  rooms: { d: { all?: boolean; after?: string }; ok: { rooms: RoomLine[]; next?: string; invitations?: InvitationLine[] } };
  'room.create': { d: { name: string; kind: 'public' | 'private'; topic?: string; history?: HistoryRule; cid?: string }; ok: { card: RoomCard } & Done };
  'room.update': { d: InRoom & { title?: string; topic?: string; history?: HistoryRule; kind?: 'public' | 'private' }; ok: { card: RoomCard } & Done };
  dm: { d: { user: string }; ok: { card: RoomCard; dup: boolean } };
  invite: { d: OnUser; ok: Done };
  kick: { d: OnUser; ok: Done };
  ban: { d: OnUser; ok: Done };
  unban: { d: OnUser; ok: Done };
  mute: { d: OnUser & { until_ms: number }; ok: Done };
  role: { d: OnUser & { role: Role }; ok: Done };
  'room.prefs': { d: InRoom & { quiet_until_ms?: number; favourite?: boolean }; ok: { prefs: RoomPrefs; dup: boolean } };
  'link.create': { d: InRoom & { cid: string; uses?: number; until_ms?: number }; ok: { link: LinkLine; code: string; dup: boolean } };
  'link.revoke': { d: InRoom & { link: string }; ok: { dup: boolean } };
  links: { d: InRoom; ok: { links: LinkLine[] } };
  'link.info': { d: { code: string }; ok: { room: string; title: string; members: number } };
  'profile.set': { d: { display?: string; colour?: string; picture?: '' }; ok: { profile: Profile; dup: boolean } };
  profiles: { d: { users: readonly string[] }; ok: { profiles: Profile[] } };
  search: { d: SearchQuery; ok: { messages: FoundMessage[]; next?: string } };
  sessions: { d: { after?: string }; ok: { sessions: SessionLine[]; next?: string } };
  'session.revoke': { d: { session: string }; ok: Nothing };
  logout: { d: Nothing; ok: Nothing };
  ping: { d: Nothing; ok: { time: string } };
}

/** The `d` of a command, and of what an extension adds (`x.NAME.COMMAND`). */
export type OpInput<K extends string> = K extends keyof Ops ? Ops[K]['d'] : Readonly<Record<string, unknown>>;
/** The `ok` of a command. An extension's is its own. */
export type OpReply<K extends string> = K extends keyof Ops ? Ops[K]['ok'] : unknown;

/** The `err` of a refused command. */
export interface ErrorShape {
  readonly code: number;
  readonly name: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly retry_after_ms?: number;
  readonly field?: string;
  readonly limit?: string;
  readonly suggest?: string;
  readonly trace?: string;
}
