// When to come back, and whether at all: the delays and close codes of docs/protocol.md.

import type { StopReason } from './views.js';

const FIRST_MS = 2_000;
const LONGEST_MS = 30_000;
/** A server's own delay is believed up to here. */
const SERVER_DELAY_MAX_MS = 10 * 60_000;
/** A line that lived shorter counts as a failed attempt: otherwise a server that drops everyone right after `hello` is called each second. */
const STABLE_MS = 10_000;

/** The delays of one client: full jitter below a ceiling that doubles, or what the server asked for. */
export class Backoff {
  attempt = 0;
  #serverMs: number | undefined;

  /** The server says when to come back. Holds for the next delay alone. */
  told(ms: number | undefined): void {
    if (ms !== undefined && ms >= 0) this.#serverMs = Math.min(ms, SERVER_DELAY_MAX_MS);
  }

  get serverMs(): number | undefined { return this.#serverMs; }

  lived(ms: number): void { if (ms >= STABLE_MS) this.attempt = 0; }

  next(): number {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.attempt, 10));
    this.attempt += 1;
    return Math.round(this.#serverMs ?? Math.random() * ceiling);
  }

  /** An attempt begins: what the server said is used up. */
  tried(): void { this.#serverMs = undefined; }
}

const STOPS: Readonly<Record<number, StopReason>> = {
  1000: 'protocol', 1002: 'protocol', 1003: 'protocol', 1007: 'protocol', 1009: 'protocol',
  4501: 'protocol', 4503: 'taken-over', 4504: 'banned', 4505: 'too-many', 4508: 'flood',
};

/** Returns why a client does not come back by itself after this code; undefined if it does. */
export function stopReason(code: number): StopReason | undefined {
  return STOPS[code] ?? (code >= 4500 && code < 5000 && code !== SESSION_ENDED ? 'protocol' : undefined);
}

export const SESSION_ENDED = 4502;
export const TOKEN_EXPIRED = 4011;
