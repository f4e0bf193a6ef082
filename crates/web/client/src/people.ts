// Who is in a room, who of them is online, and who is typing.

import type { Calls } from './calls.js';
import { globals, uptime, type Timer } from './globals.js';
import type { Entry, MemberLine, User } from './protocol.js';
import type { MemberList } from './views.js';

export interface PresencePush {
  readonly changes?: readonly { readonly user: User; readonly state: 'online' | 'offline' }[];
  readonly online: number;
}

export interface PeopleDeps {
  readonly room: string;
  readonly calls: Calls;
  me(): string;
  touched(): void;
}

const MEMBERS_MAX = 1_000;
/** The server ends typing after 8 s; a lost push must not make someone type for ever. */
const TYPING_MS = 10_000;

export class People {
  readonly #deps: PeopleDeps;
  readonly #members = new Map<string, MemberLine>();
  readonly #typing = new Map<string, { user: User; until: number }>();
  #state: 'none' | 'loading' | 'loaded' = 'none';
  #complete = false;
  #online = 0;
  #timer: Timer;
  #list: MemberList | null = null;
  #typingList: readonly User[] | null = null;

  constructor(deps: PeopleDeps) { this.#deps = deps; }

  get members(): MemberList {
    this.#list ??= { loaded: this.#state === 'loaded', complete: this.#complete, list: [...this.#members.values()], online: this.#online };
    return this.#list;
  }

  get typing(): readonly User[] {
    this.#typingList ??= [...this.#typing.values()].map(({ user }) => user);
    return this.#typingList;
  }

  /** Reads all pages up to the limit. Changes that come meanwhile are in a page, or come again as a push. */
  async load(): Promise<void> {
    const { room, calls } = this.#deps;
    if (this.#state === 'none') this.#state = 'loading';
    const lines: MemberLine[] = [];
    let after: string | undefined;
    do {
      const page = await calls.call('members', { room, ...after !== undefined && { after } }, { retry: true });
      lines.push(...page.members);
      after = page.next;
    } while (after !== undefined && lines.length < MEMBERS_MAX);
    this.#members.clear();
    for (const line of lines.slice(0, MEMBERS_MAX)) this.#members.set(line.user.id, line);
    this.#state = 'loaded';
    this.#complete = after === undefined && lines.length <= MEMBERS_MAX;
    if (this.#complete) this.#count();
    this.#touched();
  }

  /** Whether the list is shown somewhere, and so must be right again after a pause. */
  get wanted(): boolean { return this.#state !== 'none'; }

  clear(): void {
    globals.clearTimeout(this.#timer);
    this.#members.clear();
    this.#typing.clear();
    this.#state = 'none';
    this.#typingTouched();
    this.#touched();
  }

  entry(entry: Entry): void {
    if (entry.kind === 'message') this.#stopped(entry.author.id);
    if (this.#state !== 'loaded') return;
    const user = 'user' in entry ? entry.user : entry.author;
    const known = this.#members.get(user.id);
    switch (entry.kind) {
      case 'joined':
        if (!known && this.#members.size < MEMBERS_MAX) this.#members.set(user.id, { user, role: 'member', online: true });
        break;
      case 'left': case 'kicked': case 'banned': this.#members.delete(user.id); break;
      case 'role':
        if (known && entry.role) this.#members.set(user.id, { ...known, role: entry.role });
        break;
      case 'muted':
        if (known && entry.until_ms !== undefined) this.#members.set(user.id, { ...known, muted_until: new Date(Math.min(entry.until_ms, 8.64e15)).toISOString() });
        break;
      case 'unmuted':
        if (known) { const { muted_until, ...rest } = known; void muted_until; this.#members.set(user.id, rest); }
        break;
      default: return;
    }
    if (this.#complete) this.#count();
    this.#touched();
  }

  presence({ changes = [], online }: PresencePush): void {
    for (const { user, state } of changes) {
      const known = this.#members.get(user.id);
      if (known) this.#members.set(user.id, { ...known, user, online: state === 'online' });
      if (state === 'offline') this.#stopped(user.id);
    }
    this.#online = online;
    this.#touched();
  }

  typed({ user, on }: { readonly user: User; readonly on: boolean }): void {
    if (user.id === this.#deps.me()) return;
    if (on) this.#typing.set(user.id, { user, until: uptime() + TYPING_MS }); else this.#typing.delete(user.id);
    this.#typingTouched();
    this.#expire();
  }

  /** The line is lost: nobody knows who types. */
  offline(): void {
    if (this.#typing.size === 0) return;
    this.#typing.clear();
    this.#typingTouched();
  }

  #expire(): void {
    globals.clearTimeout(this.#timer);
    const next = Math.min(...[...this.#typing.values()].map(({ until }) => until));
    if (next === Infinity) return;
    this.#timer = globals.setTimeout(() => {
      for (const [id, { until }] of this.#typing) if (until <= uptime()) this.#typing.delete(id);
      this.#typingTouched();
      this.#expire();
    }, Math.max(0, next - uptime()));
  }

  #count(): void { this.#online = [...this.#members.values()].filter(({ online }) => online).length; }

  #stopped(user: string): void {
    if (this.#typing.delete(user)) this.#typingTouched();
  }

  #touched(): void {
    this.#list = null;
    this.#deps.touched();
  }

  #typingTouched(): void {
    this.#typingList = null;
    this.#deps.touched();
  }
}
