// What tabs of one browser share: a storage and locks.

import type { KeyValueStorage, LocksLike } from '../../src/index.js';
import { MemoryStorage } from '../../src/environment.js';

/** A storage that can be full, as that of browsers is at some point. */
export class SharedStorage extends MemoryStorage implements KeyValueStorage {
  full = false;
  override setItem(key: string, value: string): void {
    if (this.full) throw new Error('QuotaExceededError');
    super.setItem(key, value);
  }
  keys(part: string): string[] {
    return Array.from({ length: this.length }, (_, i) => this.key(i) ?? '').filter((key) => key.includes(part));
  }
}

/** Web Locks, as far as they are used: exclusive, granted in a later turn, and freed when a tab ends. */
export class SharedLocks {
  readonly #held = new Map<string, object>();

  /** The view of one tab; `crash` frees what it holds, as the end of its process does. */
  tab(): LocksLike & { crash(): void } {
    const mine = new Map<string, object>();
    const free = (name: string, lock: object): void => {
      if (this.#held.get(name) === lock) this.#held.delete(name);
      mine.delete(name);
    };
    return {
      request: async (name, { ifAvailable }, callback) => {
        await Promise.resolve();
        if (this.#held.has(name)) {
          if (!ifAvailable) throw new Error('these tests never wait for a lock');
          await callback(null);
          return;
        }
        const lock = {};
        this.#held.set(name, lock);
        mine.set(name, lock);
        try { await callback(lock); } finally { free(name, lock); }
      },
      crash: () => { for (const [name, lock] of mine) free(name, lock); },
    };
  }
}
