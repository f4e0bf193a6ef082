// What this package uses of its surroundings, as small structural types: browsers and Node have all of it,
// and tests give their own. No type of the DOM or of Node appears in the published declarations.

/** The part of a WebSocket that is used. `new WebSocket(url, 'parlor.v1')` of browsers, Node ≥ 22 and `ws` fit. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}
export type WebSocketConstructor = new (url: string, protocol: string) => WebSocketLike;

/** The part of `fetch` that is used; `init` has `method`, `headers`, `body` and `signal`. */
export type FetchLike = (url: string, init: never) => Promise<{ readonly status: number; text(): Promise<string> }>;

/** Where sessions, unsent messages and drafts live: `localStorage` fits. Synchronous, so that a message is kept before it is sent. */
export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The part of the Web Locks API that is used: `navigator.locks` fits. */
export interface LocksLike {
  request(name: string, options: { ifAvailable?: boolean; signal?: unknown }, callback: (lock: unknown) => Promise<void> | void): Promise<unknown>;
}

/** Calls `wake` whenever the line may have died unseen or come back; returns what ends that. */
export type WakeUps = (wake: (why: 'online' | 'visible' | 'resume' | 'timer') => void) => () => void;
