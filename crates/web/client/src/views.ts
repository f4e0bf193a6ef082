// What an application shows: immutable snapshots. A snapshot that did not change keeps its identity (`===`),
// so a view compares it with the last one it drew.

import type { ParlorError } from './error.js';
import type { EventEntry, Limits, MemberLine, Reaction, RoomCard, User } from './protocol.js';

/**
 * The state of the line.
 * - `signed-out`: nobody is signed in. After a session ended or was refused, `error` says why.
 * - `connecting`: an attempt is under way.
 * - `online`: connected and caught up with, or catching up.
 * - `draining`: the server is about to restart; the client comes back by itself. Messages wait.
 * - `offline`: the next attempt is at `retryAt` (Date.now()); `retryInMs` is that delay as it was chosen. `reconnect()` tries at once.
 * - `stopped`: the client does not come back by itself; `reconnect()` makes it try.
 */
export type ConnectionState =
  | { readonly status: 'signed-out'; readonly error?: ParlorError }
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'online' }
  | { readonly status: 'draining'; readonly retryInMs: number }
  | { readonly status: 'offline'; readonly attempt: number; readonly retryAt: number; readonly retryInMs: number; readonly error?: ParlorError }
  | { readonly status: 'stopped'; readonly why: StopReason; readonly code?: number; readonly error?: ParlorError };

/** `taken-over`: another connection took this one's place. `too-many`: close other tabs. `flood`: sent too much at once. `protocol`: a fault of this client. `closed`: by `close()`. */
export type StopReason = 'taken-over' | 'banned' | 'too-many' | 'flood' | 'protocol' | 'closed';

/** A message as it is now, with its edits, deletion and reactions applied. */
export interface Message {
  readonly seq: number;
  readonly id: string;
  readonly cid: string;
  readonly author: User;
  /** Whether one wrote it oneself. */
  readonly mine: boolean;
  readonly at: string;
  /** Empty once deleted. */
  readonly body: string;
  readonly deleted: boolean;
  readonly editedAt?: string;
  /** The `seq` of the message that it answers: see `Room.find`. */
  readonly replyTo?: number;
  readonly mentions: readonly User[];
  readonly mentionsMe: boolean;
  readonly reactions: readonly Reaction[];
}

/**
 * The messages of one room that are loaded: ascending and without a gap. `older` and `newer` say whether there
 * are more beyond either end; while `newer` is false, new messages are added as they come.
 */
export interface MessageWindow {
  /** False until the first page is here, and after the window was emptied. */
  readonly loaded: boolean;
  /** From the storage, since there is no line: the newest messages that were once here. They are read anew with the next line. */
  readonly stale: boolean;
  readonly loading: 'no' | 'page' | 'older' | 'newer';
  readonly messages: readonly Message[];
  readonly older: boolean;
  readonly newer: boolean;
  /** Of who came and went, and what of the room changed, what this client saw happen: at most the last 200, ascending. `history` does not have them. */
  readonly events: readonly EventEntry[];
  /** Why the last page could not be loaded; ask again by `open`, `loadOlder` or `loadNewer`. */
  readonly error?: ParlorError;
}

/**
 * A message of one's own on its way. It stays in its room and under its author, and survives a reload.
 * - `waiting`: not sent yet, or the answer is open; it is sent by itself, after what was typed before it in this room.
 * - `sending`: sent, no answer yet.
 * - `stored`: the server has it; it disappears here in the moment in which it appears in the window.
 * - `refused`: the server declined it, `error` says why; it stays until `retry()` or `discard()`.
 */
export interface OutgoingMessage {
  readonly cid: string;
  readonly room: string;
  readonly author: User;
  readonly body: string;
  readonly replyTo?: number;
  /** Date.now() of the moment it was typed. */
  readonly typedAt: number;
  readonly state: 'waiting' | 'sending' | 'stored' | 'refused';
  readonly error?: ParlorError;
  readonly seq?: number;
  /** False if the storage was full: it would not survive a reload. */
  readonly persisted: boolean;
  /** Sends a refused message again, in its old place before what was typed later and is still waiting. Does nothing in other states. */
  retry(): void;
  /** Drops a waiting or refused message. Returns false if it is too late: it is being sent, or stored. */
  discard(): boolean;
}

/** An unsent text with the message that it answers. */
export interface Draft {
  readonly body: string;
  readonly replyTo?: number;
}

/** `complete` is false for rooms of more than 1,000 members: the first 1,000 are here. */
export interface MemberList {
  readonly loaded: boolean;
  readonly complete: boolean;
  readonly list: readonly MemberLine[];
  /** How many are online, as far as the server said; in large rooms this alone is kept up to date. */
  readonly online: number;
}

/** A line of the list of rooms. */
export interface RoomSummary {
  readonly key: string;
  readonly card: RoomCard;
  /** `@name` for a direct room, else the title, else the key. */
  readonly title: string;
  readonly membership: 'member' | 'gone';
  /** The last `seq` known to exist. */
  readonly head: number;
  /** The read marker: messages above it are unread. */
  readonly read: number;
  /** By others, above the marker, not deleted; at most 999. */
  readonly unread: number;
  readonly mentions: number;
  /** False for a direct room that someone else opened and that one has not answered. */
  readonly answered: boolean;
  /** The newest message, if the server gave it or this client saw it. */
  readonly lastMessage?: LastMessage;
  /** No notifications wanted before this moment (Date.now()); 0: wanted. */
  readonly quietUntil: number;
  readonly favourite: boolean;
  /** Own messages that wait or were refused. */
  readonly unsent: number;
  readonly hasDraft: boolean;
}

/** The newest message of a room, for the list. */
export interface LastMessage {
  readonly seq: number;
  readonly author: User;
  readonly mine: boolean;
  readonly at: string;
  /** The beginning of the text, at most 160 characters; empty once deleted. */
  readonly preview: string;
  readonly deleted: boolean;
}

/** An invitation that still holds: `client.join(card.room)` accepts it, `client.leave(card.room)` declines it. */
export interface Invitation {
  readonly card: RoomCard;
  readonly by: User;
}

export interface Totals {
  readonly unread: number;
  readonly mentions: number;
  /** Own messages that wait or are being sent, and those that were refused. */
  readonly waiting: number;
  readonly refused: number;
}

/** Everything about the client itself. */
export interface ClientState {
  readonly connection: ConnectionState;
  /** Known from the storage even before the server answered. */
  readonly user: User | null;
  /** This session's id, once connected. */
  readonly session: string | null;
  readonly limits: Limits;
  /** Own rooms by title; rooms with an unsent message stay, as `membership: 'gone'`, after one left them. */
  readonly rooms: readonly RoomSummary[];
  readonly invitations: readonly Invitation[];
  /** False until the list came from the server for the first time. */
  readonly roomsLoaded: boolean;
  readonly totals: Totals;
}
