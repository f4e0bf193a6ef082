// Unsent texts, by room and identity, in the storage: what someone began to write belongs to both.

import { keysOf, type Environment } from './environment.js';
import type { Draft } from './views.js';

const EMPTY: Draft = { body: '' };
/** The oldest give way, so that the storage stays free for what is to be sent. */
const DRAFTS_MAX = 200;

export class Drafts {
  readonly #storage: Environment['storage'];
  readonly #prefix: string;
  /** Every draft of this identity, the one changed last at the end. */
  readonly #drafts = new Map<string, Draft>();

  constructor({ storage, prefix }: Environment, user: string) {
    this.#storage = storage;
    this.#prefix = `${prefix}draft:${user}:`;
    for (const key of keysOf(storage, this.#prefix)) {
      const draft = parsed(storage.getItem(key));
      if (draft) this.#drafts.set(key.slice(this.#prefix.length), draft);
    }
  }

  of(room: string): Draft { return this.#drafts.get(room) ?? EMPTY; }
  get rooms(): readonly string[] { return [...this.#drafts.keys()]; }

  /** Returns whether anything changed. */
  set(room: string, { body, replyTo }: Draft): boolean {
    const before = this.of(room);
    if (before.body === body && before.replyTo === replyTo) return false;
    this.#drafts.delete(room);
    if (body === '' && replyTo === undefined) this.#storage.removeItem(this.#prefix + room);
    else this.#keep(room, { body, ...replyTo !== undefined && { replyTo } });
    return true;
  }

  clear(): void {
    for (const room of this.#drafts.keys()) this.#storage.removeItem(this.#prefix + room);
    this.#drafts.clear();
  }

  #keep(room: string, draft: Draft): void {
    this.#drafts.set(room, draft);
    const oldest = this.#drafts.size > DRAFTS_MAX ? this.#drafts.keys().next().value : undefined;
    if (oldest !== undefined) { this.#drafts.delete(oldest); this.#storage.removeItem(this.#prefix + oldest); }
    try { this.#storage.setItem(this.#prefix + room, JSON.stringify(draft)); } catch { /* Full: it lives as long as the page. */ }
  }
}

function parsed(text: string | null): Draft | null {
  try {
    const draft = JSON.parse(text ?? 'null') as Draft | null;
    return draft && typeof draft.body === 'string' ? draft : null;
  } catch {
    return null;
  }
}
