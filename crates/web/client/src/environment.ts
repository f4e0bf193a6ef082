// What a client runs on: the options, with defaults for what the surroundings have.

import { globals } from './globals.js';
import type { ClientOptions } from './options.js';
import type { FetchLike, KeyValueStorage, LocksLike, WakeUps, WebSocketConstructor } from './platform.js';
import { defaultWakeUps } from './wake-ups.js';

export interface Environment {
  /** `https://chat.example`, without a slash at the end. */
  readonly base: string;
  readonly socketUrl: string;
  readonly client: string;
  /** What the keys of the storage begin with: one origin may have pages for several servers. */
  readonly prefix: string;
  readonly storage: KeyValueStorage;
  /** Whether other tabs may see the same storage. */
  readonly shared: boolean;
  readonly locks: LocksLike | null;
  readonly webSocket: WebSocketConstructor;
  readonly fetch: FetchLike;
  readonly wakeUps: WakeUps;
  readonly windowMessages: number;
  readonly windows: number;
  readonly outboxMessages: number;
}

export function environment(options: ClientOptions): Environment {
  const url = new globals.URL(options.url);
  const base = url.origin + url.pathname.replace(/\/+$/, '');
  const webSocket = options.webSocket ?? globals.WebSocket;
  if (!webSocket) throw new TypeError('there is no WebSocket here: give the option webSocket, such as that of the package ws');
  const fetch = options.fetch ?? globals.fetch;
  if (!fetch) throw new TypeError('there is no fetch here: give the option fetch');
  const storage = options.storage === undefined ? localStorage() : options.storage;
  return {
    base,
    socketUrl: `${base.replace(/^http/, 'ws')}/ws`,
    client: options.client ?? '@parlor/client',
    prefix: `parlor:${base.replace(/^https?:\/\//, '')}:`,
    storage: storage ?? new MemoryStorage(),
    shared: storage !== null,
    locks: options.locks === undefined ? globals.navigator?.locks ?? null : options.locks,
    webSocket,
    fetch: (address, init) => fetch(address, init),
    wakeUps: options.wakeUps ?? defaultWakeUps,
    windowMessages: Math.max(100, options.windowMessages ?? 400),
    windows: Math.max(1, options.windows ?? 8),
    outboxMessages: Math.max(1, options.outboxMessages ?? 200),
  };
}

/** Returns the browser's storage. Node's own is left alone: it warns unless it was given a file. */
function localStorage(): KeyValueStorage | null {
  if (!globals.document) return null;
  try {
    return globals.localStorage ?? null;
  } catch {
    return null; // Blocked by the browser's settings.
  }
}

/** A storage that ends with the process. */
export class MemoryStorage implements KeyValueStorage {
  readonly #values = new Map<string, string>();

  get length(): number { return this.#values.size; }
  key(index: number): string | null { return [...this.#values.keys()][index] ?? null; }
  getItem(key: string): string | null { return this.#values.get(key) ?? null; }
  setItem(key: string, value: string): void { this.#values.set(key, value); }
  removeItem(key: string): void { this.#values.delete(key); }
}

/** Returns the keys that begin with `prefix`. */
export function keysOf(storage: KeyValueStorage, prefix: string): string[] {
  const keys: string[] = [];
  for (let i = 0; i < storage.length; i += 1) {
    const key = storage.key(i);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}
