// The state of one room: its messages, built from pages of `history` and the entries after them.

import { emojiKey } from '/text.js';

const KEPT_ENTRIES = 1000;

export class Room {
  constructor(card, head) {
    this.card = card;
    this.head = head;
    this.unread = 0;
    this.loaded = false;
    this.more = false;
    this.messages = new Map();
    this.people = new Map();
    this.online = 0;
    this.typing = new Map();
    this.entries = [];
  }

  get key() { return this.card.room; }
  get title() { return this.card.kind === 'direct' && this.card.with ? '@' + this.card.with.name : this.card.title || this.card.room; }

  ordered() { return [...this.messages.values()].sort((a, b) => a.seq - b.seq); }

  /** Adds a page of history and applies only entries above its head to it. */
  addHistory({ messages, more, head }) {
    for (const message of messages) if (!this.messages.has(message.seq)) this.messages.set(message.seq, { ...message, asOf: head });
    this.more = more;
    this.loaded = true;
    for (const entry of this.entries) if (entry.kind !== 'message' || entry.seq > head) this.#apply(entry);
  }

  /** Discards the messages, after a new epoch or when too many entries were missed. */
  reset(head) {
    this.head = head;
    this.loaded = false;
    this.messages.clear();
    this.entries.length = 0;
  }

  addEntry(entry) {
    this.head = Math.max(this.head, entry.seq);
    this.entries.push(entry);
    if (this.entries.length > KEPT_ENTRIES) this.entries.shift();
    this.#follow(entry);
    if (this.loaded) this.#apply(entry);
  }

  #follow({ kind, author, user }) {
    if (kind === 'joined') this.people.set(author.id, { user: author, online: true });
    if (kind === 'left') this.people.delete(author.id);
    if (kind === 'kicked' || kind === 'banned') this.people.delete(user.id);
  }

  #apply(entry) {
    if (entry.kind === 'message') {
      if (!this.messages.has(entry.seq)) this.messages.set(entry.seq, { reactions: [], mentions: [], ...entry, deleted: entry.deleted ?? false, asOf: entry.seq });
      return;
    }
    const message = this.messages.get(entry.target);
    if (!message || entry.seq <= message.asOf) return;
    message.asOf = entry.seq;
    if (entry.kind === 'edited' && entry.body !== undefined) Object.assign(message, { body: entry.body, edited_at: entry.at, edited_seq: entry.seq });
    if (entry.kind === 'deleted') Object.assign(message, { body: undefined, deleted: true, reactions: [] });
    if (entry.kind === 'reaction') this.#react(message, entry);
  }

  #react(message, { author, emoji, on }) {
    if (message.deleted || !emoji) return;
    const key = emojiKey(emoji);
    // Older entries may have one person's reaction in both forms: it counts once.
    message.given ??= new Map();
    const giver = `${author.id} ${key}`;
    if (message.given.get(giver) === on) return;
    message.given.set(giver, on);
    const found = message.reactions.find((r) => emojiKey(r.emoji) === key);
    if (found) found.count += on ? 1 : -1;
    else if (on) message.reactions.push({ emoji, count: 1 });
    message.reactions = message.reactions.filter((r) => r.count > 0);
  }
}
