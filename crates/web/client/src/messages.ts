// One message: made from a page or an entry, and what each later entry does to it. Messages are never changed
// in place.

import type { Entry, HistoryMessage, LastLine, MessageEntry, Reaction } from './protocol.js';
import { emojiKey } from './text.js';
import type { LastMessage, Message } from './views.js';

/** A message, and the `seq` up to which entries are in it already. */
export interface Tracked {
  readonly message: Message;
  readonly asOf: number;
}

export function ofPage(message: HistoryMessage, head: number, me: string): Tracked {
  const { seq, id, cid, author, at, deleted, edited_at, reply_to, mentions = [], reactions } = message;
  return {
    asOf: head,
    message: {
      seq, id, cid, author, at, deleted, mentions, reactions, body: message.body ?? '',
      mine: author.id === me, mentionsMe: mentions.some((user) => user.id === me),
      ...edited_at !== undefined && { editedAt: edited_at }, ...reply_to !== undefined && { replyTo: reply_to },
    },
  };
}

export function ofEntry(entry: MessageEntry, me: string): Tracked {
  return ofPage({ ...entry, deleted: entry.deleted ?? false, reactions: [] }, entry.seq, me);
}

/** Returns what an entry makes of a message; the same object if nothing. */
export function applied(tracked: Tracked, entry: Entry, me: string): Tracked {
  if (entry.seq <= tracked.asOf) return tracked;
  const message = changed(tracked.message, entry, me);
  return message === tracked.message ? tracked : { message, asOf: entry.seq };
}

function changed(message: Message, entry: Entry, me: string): Message {
  if (!('target' in entry) || entry.target !== message.seq || message.deleted) return message;
  switch (entry.kind) {
    case 'edited': return entry.body === undefined ? message : { ...message, body: entry.body, editedAt: entry.at };
    case 'deleted': return { ...message, body: '', deleted: true, reactions: [], mentions: [], mentionsMe: false };
    case 'reaction': return entry.emoji === '' ? message : { ...message, reactions: reacted(message.reactions, entry.emoji, entry.on, entry.author.id === me) };
  }
}

function reacted(reactions: readonly Reaction[], emoji: string, on: boolean, mine: boolean): readonly Reaction[] {
  const key = emojiKey(emoji);
  const found = reactions.find((reaction) => emojiKey(reaction.emoji) === key);
  // Entries of older servers may have one person's reaction in both forms: one's own counts once.
  if (mine && (found?.mine ?? false) === on) return reactions;
  if (!found) return on ? [...reactions, { emoji, count: 1, mine }] : reactions;
  const next = { emoji: found.emoji, count: found.count + (on ? 1 : -1), mine: mine ? on : found.mine };
  return reactions.flatMap((reaction) => (reaction !== found ? [reaction] : next.count > 0 ? [next] : []));
}

const PREVIEW_CHARS = 160;

export function lastOfLine({ seq, author, at, preview = '', deleted }: LastLine, me: string): LastMessage {
  return { seq, author, at, preview, deleted, mine: author.id === me };
}

/** With its fields in the order of `lastOfLine`: the two are compared as texts. */
export function lastOfMessage({ seq, author, at, body, deleted, mine }: Message): LastMessage {
  return { seq, author, at, preview: preview(body), deleted, mine };
}

export function lastAfter(last: LastMessage, entry: Entry): LastMessage {
  if (!('target' in entry) || entry.target !== last.seq || last.deleted) return last;
  if (entry.kind === 'deleted') return { ...last, preview: '', deleted: true };
  return entry.kind === 'edited' && entry.body !== undefined ? { ...last, preview: preview(entry.body) } : last;
}

/** By characters, as the server cuts: half a surrogate pair would show as a box. */
function preview(body: string): string {
  return [...body.slice(0, PREVIEW_CHARS * 2)].slice(0, PREVIEW_CHARS).join('');
}
