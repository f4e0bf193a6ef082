// Moves one's own read markers: several moves within a moment are one command, and a marker that could not be
// moved for want of a line is moved when there is one.

import type { Calls } from './calls.js';
import { ParlorError } from './error.js';
import { globals, type Timer } from './globals.js';

const GATHER_MS = 300;

export class ReadMarkers {
  readonly #calls: Calls;
  readonly #marked: () => void;
  readonly #wanted = new Map<string, number>();
  #timer: Timer;
  #busy = false;

  /** `marked` is called after the server took marks. */
  constructor(calls: Calls, marked: () => void) {
    this.#calls = calls;
    this.#marked = marked;
  }

  mark(room: string, seq: number): void {
    this.#wanted.set(room, Math.max(seq, this.#wanted.get(room) ?? 0));
    this.#soon();
  }

  clear(): void {
    globals.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted.clear();
  }

  async flush(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let [done, cut] = [false, false];
    for (const [room, seq] of [...this.#wanted]) {
      try {
        await this.#calls.call('read', { room, seq }, { retry: true });
        done = true;
      } catch (error) {
        if (!(error instanceof ParlorError)) throw error;
        cut = error.retryable;
        if (cut) break; // Until there is a line again.
      }
      if (this.#wanted.get(room) === seq) this.#wanted.delete(room);
    }
    this.#busy = false;
    if (done) this.#marked();
    if (this.#wanted.size > 0 && !cut) this.#soon();
  }

  #soon(): void {
    this.#timer ??= globals.setTimeout(() => { this.#timer = undefined; void this.flush(); }, GATHER_MS);
  }
}
