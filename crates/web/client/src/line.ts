// One WebSocket from its opening to its end: frames, one reply for each command, and silence noticed in time.
// Who speaks over it, and whether there is another after it, is decided in connection.ts.

import type { Environment } from './environment.js';
import { ParlorError } from './error.js';
import { globals, uptime, type Timer } from './globals.js';
import type { WebSocketLike } from './platform.js';
import type { ErrorShape } from './protocol.js';

/** A frame that the server sends unasked. */
export interface PushFrame {
  readonly ev: string;
  readonly room?: string;
  readonly d: unknown;
}

export interface LineEvents {
  opened(): void;
  push(frame: PushFrame): void;
  /** Called once, after all commands were rejected. */
  closed(code: number): void;
}

interface Pending {
  resolve(ok: unknown): void;
  reject(error: ParlorError): void;
  timer: Timer;
}

/** The server answers 256 at once; more than this many are refused here. */
const PENDING_MAX = 200;
const OPEN_MS = 10_000;
/** Before the first `hello` reply: `ping_s` of the default settings, and its 10 s. */
const SILENCE_MS = 35_000;
const FRAME_BYTES = 65_536;
export const PROBE_MS = 3_000;

export class Line {
  frameBytes = FRAME_BYTES;
  #silenceMs = SILENCE_MS;
  #nextId = 1;
  #open = false;
  #over = false;
  #seenAt = uptime();
  #watchdog: Timer;
  #probe: Timer;
  readonly #socket: WebSocketLike;
  readonly #events: LineEvents;
  readonly #pending = new Map<number, Pending>();

  constructor({ webSocket, socketUrl }: Environment, events: LineEvents) {
    this.#events = events;
    try {
      this.#socket = new webSocket(socketUrl, 'parlor.v1');
    } catch {
      // The browser forbids it, such as ws: from a page of https:. It is as if nobody were there.
      this.#socket = { onopen: null, onmessage: null, onclose: null, onerror: null, send: () => {}, close: () => {} };
      globals.setTimeout(() => this.#end(1006), 0);
    }
    this.#socket.onopen = () => { this.#open = true; this.#seen(); events.opened(); };
    this.#socket.onmessage = ({ data }: { data: unknown }) => { this.#seen(); this.#receive(data); };
    this.#socket.onclose = ({ code }: { code: number }) => this.#end(code);
    this.#socket.onerror = () => {}; // A close follows.
    this.#watch(OPEN_MS);
  }

  /** How long the line may be silent. */
  set silenceMs(ms: number) { this.#silenceMs = ms; this.#watch(ms); }

  command(op: string, d: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#over || !this.#open) return Promise.reject(ParlorError.local('offline'));
    const id = this.#nextId++;
    const frame = JSON.stringify({ id, op, d });
    // A larger one would close the connection for good (1009).
    if (frame.length > this.frameBytes / 4 && new globals.TextEncoder().encode(frame).length > this.frameBytes) return Promise.reject(ParlorError.local('too_large'));
    if (this.#pending.size >= PENDING_MAX) return Promise.reject(new ParlorError({ code: 503, name: 'overloaded', message: 'Too much is under way. Please try again in a moment.', retryable: true, retry_after_ms: 500 }));
    return new Promise((resolve, reject) => {
      const timer = globals.setTimeout(() => {
        this.#pending.delete(id);
        reject(ParlorError.local('no_reply'));
        this.probe();
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(frame);
    });
  }

  /** Drops the line unless the server says something within `ms`. */
  probe(ms = PROBE_MS): void {
    if (this.#over || !this.#open || this.#probe !== undefined) return;
    const asked = uptime();
    this.command('ping', {}, ms * 2).catch(() => {});
    this.#probe = globals.setTimeout(() => {
      this.#probe = undefined;
      if (this.#seenAt < asked) this.drop();
    }, ms);
  }

  close(code: number): void {
    if (this.#over) return;
    try { this.#socket.close(code); } catch { /* Some refuse a close while they connect; the line is over all the same. */ }
    this.#end(code);
  }

  /** Abandons the line without waiting for a close frame, which a dead network never delivers. */
  drop(): void {
    if (this.#over) return;
    try { this.#socket.close(); } catch { /* as above */ }
    this.#end(1006);
  }

  #seen(): void { this.#seenAt = uptime(); }

  /** One timer, set anew when it fires: a busy line would otherwise set one for each frame. */
  #watch(ms: number): void {
    globals.clearTimeout(this.#watchdog);
    this.#watchdog = globals.setTimeout(() => {
      const silent = uptime() - this.#seenAt;
      const allowed = this.#open ? this.#silenceMs : OPEN_MS;
      if (silent >= allowed) this.drop(); else this.#watch(allowed - silent);
    }, ms);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#open = false;
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    globals.clearTimeout(this.#watchdog);
    globals.clearTimeout(this.#probe);
    for (const { reject, timer } of this.#pending.values()) {
      globals.clearTimeout(timer);
      reject(ParlorError.local('disconnected'));
    }
    this.#pending.clear();
    this.#events.closed(code);
  }

  #receive(data: unknown): void {
    const frame = parsed(data);
    if (!frame) return;
    if (typeof frame['ev'] === 'string') { this.#events.push(frame as unknown as PushFrame); return; }
    const pending = this.#pending.get(frame['id'] as number);
    if (!pending) return;
    this.#pending.delete(frame['id'] as number);
    globals.clearTimeout(pending.timer);
    if (frame['ok'] !== undefined) pending.resolve(frame['ok']);
    else pending.reject(new ParlorError(frame['err'] as ErrorShape));
  }
}

/** What is no JSON object is skipped: a proxy's mistake must not end the client. */
function parsed(data: unknown): Record<string, unknown> | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === 'object' && frame !== null ? frame as Record<string, unknown> : null;
  } catch {
    return null;
  }
}
