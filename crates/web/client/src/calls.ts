// Commands over whatever line there is: with a time limit, and repeated where the server asks for patience.

import type { Connection } from './connection.js';
import { ParlorError } from './error.js';
import type { CallOptions } from './face.js';
import { globals, uptime } from './globals.js';
import type { OpInput, OpReply } from './protocol.js';

const TIMEOUT_MS = 15_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

export class Calls {
  readonly #connection: Connection;
  readonly #waiters = new Set<() => void>();
  /** Nothing is repeated before this moment: the server counts a person's commands together, and closes on a flood. */
  #pausedUntil = 0;
  #identity = 0;

  constructor(connection: Connection) { this.#connection = connection; }

  /** Someone else is here: what was asked in the name of the last one is not repeated. */
  someoneElse(): void { this.#identity += 1; this.#pausedUntil = 0; }

  /** For how long the server wants peace, in ms. */
  get pauseMs(): number { return Math.max(0, this.#pausedUntil - uptime()); }

  /** One attempt. */
  async once<K extends string>(op: K, d: OpInput<K>, timeoutMs = TIMEOUT_MS): Promise<OpReply<K>> {
    const { line } = this.#connection;
    if (!line) throw this.#why();
    try {
      return await line.command(op, d, timeoutMs) as OpReply<K>;
    } catch (error) {
      if (error instanceof ParlorError && error.name === 'rate_limited') this.#pausedUntil = Math.max(this.#pausedUntil, uptime() + (error.retryAfterMs ?? 1_000));
      throw error;
    }
  }

  async call<K extends string>(op: K, d: OpInput<K>, options: CallOptions = {}): Promise<OpReply<K>> {
    const { timeoutMs = TIMEOUT_MS, retry = false } = options;
    if (!retry) return this.once(op, d, timeoutMs);
    const [until, identity] = [uptime() + timeoutMs, this.#identity];
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.once(op, d, Math.max(1, until - uptime()));
      } catch (error) {
        if (!(error instanceof ParlorError) || !error.retryable) throw error;
        const left = until - uptime();
        const pause = Math.max(this.pauseMs, error.retryAfterMs ?? Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
        if (left <= 0 || error.name === 'no_reply') throw error;
        if (error.code === 0 && error.name !== 'overloaded') { if (!await this.ready(left)) throw error; }
        else if (pause >= left) throw error;
        else await sleep(pause);
        if (this.#identity !== identity) throw error;
      }
    }
  }

  /** Resolves with whether there is a line before `ms` have passed. */
  ready(ms: number): Promise<boolean> {
    if (this.#connection.line) return Promise.resolve(true);
    const { status } = this.#connection.state;
    if (status === 'signed-out' || status === 'stopped') return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (): void => {
        globals.clearTimeout(timer);
        this.#waiters.delete(settle);
        resolve(this.#connection.line !== null);
      };
      const timer = globals.setTimeout(settle, ms);
      this.#waiters.add(settle);
    });
  }

  /** The state of the connection changed: there is a line, or there will be none. */
  changed(): void {
    const { status } = this.#connection.state;
    if (!this.#connection.line && status !== 'signed-out' && status !== 'stopped') return;
    for (const settle of [...this.#waiters]) settle();
  }

  #why(): ParlorError {
    if (this.#connection.closed) return ParlorError.local('closed');
    return ParlorError.local(this.#connection.state.status === 'signed-out' ? 'signed_out' : 'offline');
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => { globals.setTimeout(resolve, ms); });
}
