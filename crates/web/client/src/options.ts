// What a client is made with.

import type { FetchLike, KeyValueStorage, LocksLike, WakeUps, WebSocketConstructor } from './platform.js';

/** A signed identity, or a function that gets a fresh one: it is called again before the old one expires. */
export type JwtSource = string | (() => string | Promise<string>);

/** How someone comes in. A `token` is what an earlier session returned. */
export type Identity = { readonly guest: string } | { readonly token: string } | { readonly jwt: JwtSource };

export interface ClientOptions {
  /** The server, such as `https://chat.example`. In a page that the server itself serves: `location.origin`. */
  readonly url: string;
  /** How to come in if the storage has no session of this server; a `jwt` always counts. Without either the client waits for `signIn`, `login` or `register`. */
  readonly identity?: Identity;
  /** Named to the server in `hello`, for its log; such as `my-page/1`. */
  readonly client?: string;
  /** Default: `localStorage`; without one (Node), the memory of this process. `null`: memory. */
  readonly storage?: KeyValueStorage | null;
  /** Default: the global `WebSocket`. Node 20 has none: give that of the package `ws`. */
  readonly webSocket?: WebSocketConstructor;
  /** Default: the global `fetch`. */
  readonly fetch?: FetchLike;
  /** Default: `navigator.locks`; without them (plain http), leases in the storage. `null`: leases. */
  readonly locks?: LocksLike | null;
  /** Default: the events `online`, `visibilitychange`, `pageshow` and `resume`, where there are any, and jumps of the clock. */
  readonly wakeUps?: WakeUps;
  /** Most messages kept in one open room's window. Default 400, at least 100. */
  readonly windowMessages?: number;
  /** Most rooms whose window is kept; the one opened longest ago is emptied. Default 8. */
  readonly windows?: number;
  /** Most messages of this identity that wait or were refused, in all rooms. Default 200. */
  readonly outboxMessages?: number;
}
