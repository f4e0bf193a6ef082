// The one connection of a client over all its lines: who it is, when it comes back, and when it gives up.

import type { Environment } from './environment.js';
import { ParlorError } from './error.js';
import { globals, uptime, type Timer } from './globals.js';
import { Greeting } from './greeting.js';
import type { Line, PushFrame } from './line.js';
import type { Identity } from './options.js';
import type { HelloReply, User } from './protocol.js';
import { Backoff, SESSION_ENDED, stopReason, TOKEN_EXPIRED } from './reconnect.js';
import { Sessions } from './sessions.js';
import { randomName } from './uuid7.js';
import type { ConnectionState } from './views.js';

export interface ConnectionHooks {
  /** `epoch` and `cursors`, or nothing. */
  resume(): object;
  /** Called before any push of the new line. `fresh`: someone else than before, nothing of the former state holds. */
  welcomed(reply: HelloReply, fresh: boolean): void;
  push(frame: PushFrame): void;
  changed(): void;
}

/** An attempt that a wake-up finds older than this is given up for a new one. */
const STUCK_MS = 4_000;
/** At most one attempt in this time, however often something wakes the client. */
const WAKE_MS = 1_000;
/** How often in a row refused credentials are replaced by others before someone has to sign in. */
const SECOND_TRIES_MAX = 2;

const SESSION_OVER = new ParlorError({ code: 401, name: 'bad_credentials', message: 'Your session has ended. Please sign in again.' });

export class Connection {
  state: ConnectionState = { status: 'signed-out' };
  user: User | null = null;
  #identity: Identity | null = null;
  #token: string | null = null;
  #jwtWanted = false;
  #secondTries = 0;
  #tab = randomName();
  #greeting: Greeting | null = null;
  #entering: Greeting | null = null;
  #line: Line | null = null;
  #triedAt = -Infinity;
  /** Tells an attempt whose credentials come late that there is a newer one. */
  #turn = 0;
  #onlineAt = 0;
  #timer: Timer;
  readonly #backoff = new Backoff();
  readonly #sessions: Sessions;
  readonly #environment: Environment;
  readonly #hooks: ConnectionHooks;

  constructor(environment: Environment, hooks: ConnectionHooks) {
    this.#environment = environment;
    this.#hooks = hooks;
    this.#sessions = new Sessions(environment);
  }

  /** The line, once the server welcomed. */
  get line(): Line | null { return this.#line; }
  get token(): string | null { return this.#token; }
  get closed(): boolean { return this.state.status === 'stopped' && this.state.why === 'closed'; }

  start(identity: Identity | undefined): void {
    const stored = this.#sessions.read();
    this.#identity = identity && !('token' in identity) ? identity : null;
    this.#token = stored?.token ?? (identity && 'token' in identity ? identity.token : null);
    // A signed identity says who it is, and that may be someone else than last time.
    this.#jwtWanted = this.#identity !== null && 'jwt' in this.#identity;
    this.user = this.#jwtWanted ? null : stored?.user ?? null;
    if (this.#token || this.#identity) this.#connect();
  }

  /** Comes in as someone, over a line of its own; whoever is here stays until the server has welcomed. */
  async signIn(identity: Identity): Promise<User> {
    if (this.closed) throw ParlorError.local('closed');
    const tab = randomName();
    const shown = await credentials(identity);
    if (this.closed) throw ParlorError.local('closed');
    this.#entering?.line.close(1000);
    const entering = new Greeting(this.#environment, () => ({ ...this.#about(tab), ...shown }));
    this.#entering = entering;
    let reply;
    try {
      reply = await entering.done;
    } catch (error) {
      entering.line.close(1000);
      throw error instanceof ParlorError && error.name !== 'disconnected' ? error : ParlorError.local('unreachable');
    }
    this.#entering = null;
    this.#giveUpLine();
    this.#tab = tab;
    this.#identity = 'token' in identity ? null : identity;
    this.#token = reply.token;
    this.#sessions.begin(reply);
    this.#adopt(entering, reply, true);
    return reply.user;
  }

  /** Forgets the session here; the server knows already, or is told nothing. */
  signOut(error?: ParlorError): void {
    this.#giveUpLine();
    this.#sessions.end(this.#token);
    this.#token = null;
    this.#identity = null;
    this.user = null;
    this.#set(error ? { status: 'signed-out', error } : { status: 'signed-out' });
  }

  /** Tries at once; a living line is probed. */
  reconnect(): void {
    if (this.closed || this.state.status === 'signed-out') return;
    if (this.#line) this.#line.probe();
    else { this.#giveUpLine(); this.#connect(); }
  }

  /** Something may have happened to the line unseen. */
  wake(why: string): void {
    if (this.#line) { this.#line.probe(); return; }
    const early = this.#triedAt + WAKE_MS - uptime();
    if (this.state.status === 'offline' && (why === 'online' || this.#backoff.serverMs === undefined)) {
      if (early > 0) this.#later(early); else this.#connect();
    } else if (this.state.status === 'connecting' && uptime() - this.#triedAt > STUCK_MS) this.reconnect();
  }

  close(): void {
    this.#giveUpLine();
    this.#entering?.line.close(1000);
    this.#set({ status: 'stopped', why: 'closed' });
  }

  #connect(): void {
    globals.clearTimeout(this.#timer);
    if (this.#greeting || this.#line) return;
    const turn = ++this.#turn;
    this.#backoff.tried();
    this.#triedAt = uptime();
    this.#set({ status: 'connecting', attempt: this.#backoff.attempt });
    // First the credentials: the server does not wait for those that someone has yet to fetch.
    this.#credentials().then(
      (credentials) => { if (this.#turn === turn) this.#greet(credentials); },
      () => { if (this.#turn === turn) this.#later(this.#backoff.next(), ParlorError.local('unreachable')); },
    );
  }

  #greet(credentials: object): void {
    const greeting = new Greeting(this.#environment, () => ({ ...this.#about(this.#tab), ...this.#hooks.resume(), ...credentials }));
    this.#greeting = greeting;
    const current = (handle: () => void): void => { if (this.#greeting === greeting) handle(); };
    greeting.done.then(
      (reply) => current(() => { this.#resumed(greeting, reply); }),
      (error: unknown) => current(() => { this.#failed(greeting, error); }),
    );
  }

  #about(tab: string): object { return { tab, client: this.#environment.client, subscribe: 'all' }; }

  async #credentials(): Promise<object> {
    if (!this.#token) return this.#identity ? credentials(this.#identity) : {};
    if (this.#jwtWanted && this.#identity && 'jwt' in this.#identity) return { ...await credentials(this.#identity), token: this.#token };
    return { token: this.#token };
  }

  #resumed(greeting: Greeting, reply: HelloReply): void {
    // A guest or a signed identity that came in anew: a session of its own, perhaps someone else.
    const began = this.#token !== reply.token;
    this.#token = reply.token;
    if (began) this.#sessions.begin(reply); else this.#sessions.goOn(reply);
    this.#adopt(greeting, reply, this.user?.id !== reply.user.id);
  }

  #adopt(greeting: Greeting, reply: HelloReply, fresh: boolean): void {
    this.#greeting = null;
    this.#jwtWanted = false;
    this.#secondTries = 0;
    this.#onlineAt = uptime();
    this.user = reply.user;
    this.#line = greeting.line;
    // Whoever came before gives way first: nothing of theirs goes over this line.
    this.state = { status: 'online' };
    this.#hooks.welcomed(reply, fresh);
    this.#hooks.changed();
    greeting.attach({
      opened: () => {},
      push: (frame) => { if (this.#line === greeting.line) this.#push(frame); },
      closed: (code) => { if (this.#line === greeting.line) this.#lost(code); },
    });
  }

  #push(frame: PushFrame): void {
    if (frame.ev === 'bye') {
      this.#backoff.told((frame.d as { reconnect_after_ms?: number }).reconnect_after_ms);
      this.#set({ status: 'draining', retryInMs: this.#backoff.serverMs ?? 0 });
    } else if (frame.ev === 'auth_expiring') void this.#extend();
    else this.#hooks.push(frame);
  }

  /** Shows a fresh signed identity before the old one expires. Failing that, the server closes with 4011 and the next line tries. */
  async #extend(): Promise<void> {
    const line = this.#line;
    if (!line || !this.#identity || !('jwt' in this.#identity)) return;
    try {
      const reply = await line.command('hello', await credentials(this.#identity), 10_000) as HelloReply;
      this.#token = reply.token;
    } catch { /* said above */ }
  }

  #failed(greeting: Greeting, error: unknown): void {
    const code = greeting.code ?? 1006;
    this.#greeting = null;
    greeting.line.close(1000);
    const known = error instanceof ParlorError ? error : ParlorError.local('unreachable');
    if (known.name === 'bad_credentials' || known.name === 'token_expired') this.#refused(known);
    else if (known.name === 'limit_reached' && this.#token) this.#set({ status: 'stopped', why: 'too-many', error: known });
    // Nobody is signed in yet, and will not be in this way. A session outlives whatever else goes wrong.
    else if (known.code !== 0 && known.code < 500 && !known.retryable && !this.#token) this.signOut(known);
    else {
      this.#backoff.told(known.retryAfterMs);
      this.#ended(code, known);
    }
  }

  /** The credentials are void: others may be at hand. */
  #refused(error: ParlorError): void {
    const [refused, stored] = [this.#token, this.#sessions.read()];
    const again = this.#secondTries++ < SECOND_TRIES_MAX;
    if (again && stored && stored.token !== refused && stored.user.id === this.user?.id) this.#token = stored.token;
    else if (again && refused && this.#identity) {
      // A signed identity continues an expired session; everything else begins a new one.
      this.#jwtWanted = error.name === 'token_expired' && 'jwt' in this.#identity && !this.#jwtWanted;
      if (!this.#jwtWanted) { this.#sessions.end(refused); this.#token = null; }
    } else { this.signOut(error.name === 'bad_credentials' && refused ? SESSION_OVER : error); return; }
    this.#connect();
  }

  #lost(code: number): void {
    this.#line = null;
    this.#backoff.lived(uptime() - this.#onlineAt);
    this.#ended(code);
  }

  #ended(code: number, error?: ParlorError): void {
    const why = stopReason(code);
    if (code === SESSION_ENDED) this.signOut(SESSION_OVER);
    else if (code === TOKEN_EXPIRED) this.#refused(new ParlorError({ code: 401, name: 'token_expired', message: 'Your sign-in has expired. Please sign in again.' }));
    else if (why) this.#set({ status: 'stopped', why, code });
    else this.#later(this.#backoff.next(), error);
  }

  #later(ms: number, error?: ParlorError): void {
    globals.clearTimeout(this.#timer);
    this.#timer = globals.setTimeout(() => this.#connect(), ms);
    this.#set({ status: 'offline', attempt: this.#backoff.attempt, retryAt: Date.now() + ms, retryInMs: ms, ...error && { error } });
  }

  #giveUpLine(): void {
    this.#turn += 1;
    globals.clearTimeout(this.#timer);
    const lines = [this.#greeting?.line, this.#line];
    this.#greeting = null;
    this.#line = null;
    for (const line of lines) line?.close(1000);
  }

  #set(state: ConnectionState): void {
    this.state = state;
    this.#hooks.changed();
  }
}

async function credentials(identity: Identity): Promise<object> {
  if (!('jwt' in identity)) return identity;
  return { jwt: typeof identity.jwt === 'string' ? identity.jwt : await identity.jwt() };
}
