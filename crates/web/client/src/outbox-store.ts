// Unsent messages in the storage: one key each, under the identity that wrote them, so that tabs do not write
// over each other's and nobody sends another's words.

import { keysOf, type Environment } from './environment.js';
import type { ErrorShape, User } from './protocol.js';
import type { Owner } from './ownership.js';

/** A message from its first keeping to its ack. */
export interface KeptMessage {
  readonly cid: string;
  readonly room: string;
  readonly author: User;
  readonly body: string;
  readonly replyTo?: number;
  readonly typedAt: number;
  /** Why the server refused it. */
  readonly error?: ErrorShape;
}

export class OutboxStore {
  readonly #environment: Environment;
  readonly #user: string;
  readonly #owner: Owner;

  constructor(environment: Environment, user: string, owner: Owner) {
    this.#environment = environment;
    this.#user = user;
    this.#owner = owner;
  }

  /** Returns whether the message would survive a reload. */
  keep(message: KeptMessage): boolean {
    try {
      this.#environment.storage.setItem(this.#key(message.cid), JSON.stringify({ ...message, owner: this.#owner.name }));
      return true;
    } catch {
      return false;
    }
  }

  drop(cid: string): void { this.#environment.storage.removeItem(this.#key(cid)); }

  /** Takes over, in the order of their cids, the messages of this identity whose owner is dead. */
  async adopt(): Promise<KeptMessage[]> {
    const found = this.#all();
    const dead = new Set<string>();
    for (const owner of new Set(found.map((message) => message.owner))) if (await this.#owner.claim(owner)) dead.add(owner);
    if (dead.size === 0) return [];
    // Read again: what was claimed may have been sent or taken over while this waited for the locks.
    return this.#all().filter(({ owner }) => dead.has(owner)).map(({ owner, ...message }) => {
      void owner;
      this.keep(message);
      return message;
    });
  }

  /** Deletes all that this identity has not sent, as when a guest ends. */
  clear(): void {
    for (const { cid } of this.#all()) this.drop(cid);
  }

  #all(): (KeptMessage & { readonly owner: string })[] {
    const { storage } = this.#environment;
    return keysOf(storage, this.#key('')).sort().flatMap((key) => {
      try {
        const kept = JSON.parse(storage.getItem(key) ?? 'null') as (KeptMessage & { owner: string }) | null;
        return kept && typeof kept.cid === 'string' && typeof kept.room === 'string' && typeof kept.body === 'string' && typeof kept.author?.id === 'string' ? [kept] : [];
      } catch {
        return [];
      }
    });
  }

  #key(cid: string): string { return `${this.#environment.prefix}out:${this.#user}:${cid}`; }
}
