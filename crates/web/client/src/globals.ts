// The globals that browsers and Node share, typed by hand: the types of the DOM and of Node stay out.

import type { FetchLike, KeyValueStorage, LocksLike, WebSocketConstructor } from './platform.js';

/** A timer: a number in browsers, an object in Node. */
export type Timer = unknown;

interface Listens {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface Globals extends Partial<Listens> {
  setTimeout(work: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  readonly performance: { now(): number };
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly URL: new (url: string) => { readonly origin: string; readonly protocol: string; readonly host: string; readonly pathname: string };
  readonly AbortController: new () => { readonly signal: unknown; abort(): void };
  readonly WebSocket?: WebSocketConstructor;
  readonly fetch?: FetchLike;
  readonly localStorage?: KeyValueStorage;
  readonly navigator?: { readonly locks?: LocksLike };
  readonly document?: Listens & { readonly visibilityState: string };
}

export const globals = globalThis as unknown as Globals;

/** Milliseconds since some moment, whatever someone does to the clock: all waiting is measured by it. */
export function uptime(): number { return globals.performance.now(); }
