// The newest messages of the rooms that were open last, in the storage: what is shown of them when an application
// starts without a network.

import { keysOf, type Environment } from './environment.js';
import { globals, type Timer } from './globals.js';
import type { Message } from './views.js';

const ROOMS_MAX = 8;
const MESSAGES_MAX = 50;
/** Most characters of one room, so that the storage stays free for what is to be sent. */
const CHARS_MAX = 32_768;
/** How long changes are gathered. */
const SOON_MS = 2_000;

interface KeptPage {
  readonly keptAt: number;
  readonly messages: readonly Message[];
}

export class KeptPages {
  readonly #storage: Environment['storage'];
  readonly #prefix: string;
  /** The rooms that changed, and where their messages are now. */
  readonly #changed = new Map<string, () => readonly Message[]>();
  #timer: Timer;

  constructor({ storage, prefix }: Environment, user: string) {
    this.#storage = storage;
    this.#prefix = `${prefix}page:${user}:`;
  }

  of(room: string): readonly Message[] { return this.#read(this.#prefix + room)?.messages ?? []; }

  /** The newest messages of a room changed. */
  keepSoon(room: string, messages: () => readonly Message[]): void {
    this.#changed.set(room, messages);
    this.#timer ??= globals.setTimeout(() => { this.#timer = undefined; this.#keepAll(); }, SOON_MS);
  }

  forget(room: string): void {
    this.#changed.delete(room);
    this.#storage.removeItem(this.#prefix + room);
  }

  clear(): void {
    this.end();
    for (const key of keysOf(this.#storage, this.#prefix)) this.#storage.removeItem(key);
  }

  end(): void {
    globals.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
  }

  #keepAll(): void {
    for (const [room, messages] of this.#changed) {
      const page: KeptPage = { keptAt: Date.now(), messages: newest(messages()) };
      try { this.#storage.setItem(this.#prefix + room, JSON.stringify(page)); } catch { /* Full: there is nothing to show without a network. */ }
    }
    this.#changed.clear();
    const keys = keysOf(this.#storage, this.#prefix);
    if (keys.length <= ROOMS_MAX) return;
    const byAge = keys.map((key) => ({ key, keptAt: this.#read(key)?.keptAt ?? 0 })).sort((a, b) => b.keptAt - a.keptAt);
    for (const { key } of byAge.slice(ROOMS_MAX)) this.#storage.removeItem(key);
  }

  #read(key: string): KeptPage | null {
    try {
      const page = JSON.parse(this.#storage.getItem(key) ?? 'null') as KeptPage | null;
      return page && Array.isArray(page.messages) ? page : null;
    } catch {
      return null; // Of another version.
    }
  }
}

/** The last messages, as many as may be kept. */
function newest(messages: readonly Message[]): readonly Message[] {
  let first = messages.length;
  let chars = 0;
  while (first > 0 && messages.length - first < MESSAGES_MAX) {
    chars += JSON.stringify(messages[first - 1]).length;
    if (chars > CHARS_MAX) break;
    first -= 1;
  }
  return messages.slice(first);
}
