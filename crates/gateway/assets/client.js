// A client of parlor.v1: one connection that reconnects by itself, commands with one reply each, and
// a cursor per room, so that each entry is applied exactly once and in order.

const FATAL = new Set([4502, 4503, 4504, 4505, 4508]);
const KEEP_TRYING = new Set(['rate_limited', 'overloaded', 'storage_unavailable', 'draining', 'outcome_unknown']);

/** Returns a time-ordered id, the cheapest to index; works without a secure context too. */
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = Date.now();
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export class CommandError extends Error {
  constructor(err) {
    super(err.message || err.name);
    Object.assign(this, err);
  }
}

export class Client extends EventTarget {
  #socket = null;
  #nextId = 1;
  #waiting = new Map();
  #attempt = 0;
  #timer = 0;
  #watchdog = 0;
  #reconnectAfter = null;
  #silenceMs = 35_000;
  #stopped = false;
  #wanted = new Map();
  #ready = false;

  constructor({ url, tab, identity }) {
    super();
    this.url = url;
    this.tab = tab;
    this.identity = identity;
    this.epoch = null;
    this.cursors = new Map();
    addEventListener('online', () => { if (!this.#socket) this.#connect(); });
  }

  start() { this.#connect(); }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#socket?.close(1000);
  }

  get online() { return this.#ready; }

  /** Sends a command and resolves with its reply; rejects with a CommandError, named `disconnected` if the connection is lost. */
  call(op, d = {}) {
    if (!this.#ready) return Promise.reject(new CommandError({ name: 'disconnected', message: 'You are not connected at the moment. Please try again when you are.' }));
    return this.#command(op, d);
  }

  /** Sends a message and retries until it is acknowledged: the cid makes retries safe. */
  async send(room, body) {
    const d = { room, cid: uuid7(), body };
    this.#emit('sending', d);
    for (;;) {
      try {
        const ok = await this.call('send', d);
        this.#emit('sent', { ...d, ...ok });
        return;
      } catch (error) {
        if (error.name === 'disconnected') await this.#until('ready');
        else if (KEEP_TRYING.has(error.name)) await new Promise((r) => setTimeout(r, error.retry_after_ms ?? 500));
        else { this.#emit('refused', { ...d, error }); return; }
      }
    }
  }

  /** Starts following a room after a `join`. */
  follow(room, head) { this.cursors.set(room, head); }

  #until(event) { return new Promise((r) => this.addEventListener(event, r, { once: true })); }
  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  #connect() {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#socket) return;
    const socket = new WebSocket(this.url, 'parlor.v1');
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = ({ data }) => { this.#alive(); this.#receive(JSON.parse(data)); };
    socket.onclose = ({ code }) => this.#closed(code);
    this.#alive();
  }

  async #hello() {
    const d = { ...this.identity, tab: this.tab, client: 'parlor page', subscribe: 'all' };
    if (this.epoch) Object.assign(d, { epoch: this.epoch, cursors: Object.fromEntries(this.cursors) });
    try {
      const ok = await this.#command('hello', d);
      const fresh = this.epoch !== ok.epoch;
      this.identity = { token: ok.token };
      this.epoch = ok.epoch;
      this.#silenceMs = (ok.ping_s + 10) * 1000;
      this.#attempt = 0;
      for (const [room, line] of Object.entries(ok.rooms)) {
        if (line.gone) { this.cursors.delete(room); this.#emit('gone', { room, why: 'left' }); }
        else if (line.reset || !this.cursors.has(room)) this.cursors.set(room, line.head);
        else if (line.complete) this.cursors.set(room, line.from - 1);
        if (line.gap) this.#fill(room, line.gap[1]);
      }
      this.#ready = true;
      this.#emit('ready', { ...ok, fresh });
    } catch (error) {
      if (error.name === 'disconnected') return;
      if (error.retryable) { this.#socket?.close(); return; }
      this.#stopped = true;
      this.#emit('rejected', error);
      this.#socket?.close(1000);
    }
  }

  #command(op, d) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, op, d }));
    });
  }

  #receive(frame) {
    if (frame.ev === undefined) {
      const waiter = this.#waiting.get(frame.id);
      this.#waiting.delete(frame.id);
      if (frame.ok) waiter?.resolve(frame.ok);
      else waiter?.reject(new CommandError(frame.err));
      return;
    }
    const { ev, room, d } = frame;
    if (ev === 'entry') this.#entry(room, d);
    else if (ev === 'heads') for (const [key, head] of Object.entries(d)) this.#behind(key, head);
    else if (ev === 'gap') this.#fill(room, d.to);
    else if (ev === 'bye') this.#reconnectAfter = d.reconnect_after_ms;
    else if (ev === 'room') {
      if (!this.cursors.has(room) && d.why !== 'invited') this.cursors.set(room, d.head);
      this.#emit('room', { room, ...d });
    } else if (ev === 'gone') { this.cursors.delete(room); this.#emit('gone', { room, ...d }); }
    else this.#emit(ev, { room, ...d });
  }

  #entry(room, entry) {
    const cursor = this.cursors.get(room);
    if (cursor === undefined || entry.seq <= cursor) return;
    if (entry.seq > cursor + 1) { this.#fill(room, entry.seq); return; }
    this.cursors.set(room, entry.seq);
    this.#emit('entry', { room, entry });
  }

  #behind(room, head) {
    if (this.#cursorOf(room) < head) this.#fill(room, head);
  }

  /** Reads pages of `log` until the cursor reaches `to`. Missing entries are not visible to this user. */
  async #fill(room, to) {
    const filling = this.#wanted.has(room);
    this.#wanted.set(room, Math.max(to, this.#wanted.get(room) ?? 0));
    if (filling) return;
    try {
      if (!this.#ready) await this.#until('ready');
      while (this.#cursorOf(room) < this.#wanted.get(room)) {
        const { entries, head } = await this.call('log', { room, after: this.#cursorOf(room), limit: 200 });
        for (const entry of entries) {
          if (entry.seq <= this.#cursorOf(room)) continue;
          this.cursors.set(room, entry.seq);
          this.#emit('entry', { room, entry });
        }
        if (entries.length === 0 && this.cursors.has(room)) this.cursors.set(room, head);
      }
    } catch (error) {
      if (error.name !== 'disconnected') this.#socket?.close();
    } finally {
      this.#wanted.delete(room);
    }
  }

  /** Returns a room's cursor; a room that was left is never behind. */
  #cursorOf(room) { return this.cursors.get(room) ?? Infinity; }

  #alive() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#dropSocket(1006), this.#silenceMs);
  }

  /** Abandons the socket without waiting for a close frame, which a dead network never delivers. */
  #dropSocket(code) {
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#closed(code);
  }

  #closed(code) {
    clearTimeout(this.#watchdog);
    this.#socket = null;
    this.#ready = false;
    for (const { reject } of this.#waiting.values()) reject(new CommandError({ name: 'disconnected', message: 'The connection was lost before the answer came. Please try again.' }));
    this.#waiting.clear();
    this.#emit('offline', { code });
    if (FATAL.has(code)) { this.#stopped = true; this.#emit('closed', { code }); }
    if (this.#stopped) return;
    const ceiling = Math.min(30_000, 2_000 * 2 ** this.#attempt++);
    const delay = this.#reconnectAfter ?? Math.random() * ceiling;
    this.#reconnectAfter = null;
    this.#timer = setTimeout(() => this.#connect(), delay);
  }
}
