// How people want to be shown, for servers that know of it: asked for by the id, all of a tick at once.

import type { Calls } from './calls.js';
import { globals, type Timer } from './globals.js';
import type { Profile } from './protocol.js';

const KNOWN_MAX = 2_000;
const ASKED_MAX = 100;

export class Profiles {
  readonly #calls: Calls;
  readonly #changed: () => void;
  /** Null: asked, and there is none. */
  readonly #known = new Map<string, Profile | null>();
  readonly #wanted = new Set<string>();
  /** Known from an earlier line: shown, and asked for again. */
  readonly #stale = new Set<string>();
  #timer: Timer;

  constructor(calls: Calls, changed: () => void) {
    this.#calls = calls;
    this.#changed = changed;
  }

  of(user: string): Profile | undefined {
    const known = this.#known.get(user);
    if (known === undefined || this.#stale.delete(user)) { this.#wanted.add(user); this.#soon(); }
    return known ?? undefined;
  }

  set(profile: Profile): void {
    this.#known.delete(profile.user.id);
    this.#known.set(profile.user.id, profile);
    const oldest = this.#known.size > KNOWN_MAX ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#changed();
  }

  /** There is a new line: names and pictures may have changed meanwhile. */
  reconnected(): void { for (const user of this.#known.keys()) this.#stale.add(user); }

  clear(): void {
    this.#known.clear();
    this.#stale.clear();
  }

  #soon(): void {
    this.#timer ??= globals.setTimeout(() => { this.#timer = undefined; void this.#ask(); }, 20);
  }

  async #ask(): Promise<void> {
    const users = [...this.#wanted].slice(0, ASKED_MAX);
    for (const user of users) this.#wanted.delete(user);
    for (const user of users) if (!this.#known.has(user)) this.#known.set(user, null);
    try {
      const { profiles } = await this.#calls.call('profiles', { users }, { retry: true });
      const found = new Set(profiles.map(({ user }) => user.id));
      for (const user of users) if (!found.has(user)) this.#known.set(user, null);
      for (const profile of profiles) this.set(profile);
    } catch { /* A server that does not know of profiles, or no line: everyone is shown by name until the next one. */ }
    if (this.#wanted.size > 0) this.#soon();
  }
}
