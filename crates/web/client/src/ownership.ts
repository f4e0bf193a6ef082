// Which tab sends what the storage keeps. Each sign-in of each tab is an owner with a random name that it holds
// while it lives: by a Web Lock, or, where there are none (plain http), by a lease that it renews. What belongs
// to a dead owner is for whoever claims it first. Two that claim at once do no harm: the server tells a repeat
// by its cid.

import { keysOf, type Environment } from './environment.js';
import { globals, type Timer } from './globals.js';
import { unref } from './wake-ups.js';
import { randomName } from './uuid7.js';

const RENEW_MS = 10_000;
/** Browsers slow the timers of a hidden page to one a minute. */
const LEASE_MS = 150_000;

export class Owner {
  readonly name = randomName();
  readonly #environment: Environment;
  #release: (() => void) | undefined;
  #ended = false;
  #timer: Timer;

  constructor(environment: Environment) {
    this.#environment = environment;
    const { locks, shared } = environment;
    if (!shared) return;
    if (locks) {
      locks.request(this.#lock(this.name), {}, () => new Promise<void>((resolve) => {
        if (this.#ended) resolve(); else this.#release = resolve;
      })).catch(() => {});
    } else this.#renew();
  }

  /** Resolves with whether `owner` is dead, so that what it owned may be taken over. */
  async claim(owner: string): Promise<boolean> {
    const { locks, storage } = this.#environment;
    if (owner === this.name) return false;
    if (!locks) return Number(storage.getItem(this.#lease(owner)) ?? 0) < Date.now();
    let free = false;
    await locks.request(this.#lock(owner), { ifAvailable: true }, (lock) => { free = lock !== null; });
    return free;
  }

  end(): void {
    this.#ended = true;
    this.#release?.();
    globals.clearTimeout(this.#timer);
    if (this.#environment.shared && !this.#environment.locks) this.#environment.storage.removeItem(this.#lease(this.name));
  }

  #renew(): void {
    const { storage } = this.#environment;
    try { storage.setItem(this.#lease(this.name), String(Date.now() + LEASE_MS)); } catch { /* Full: then others may send for this tab. */ }
    for (const key of keysOf(storage, this.#lease(''))) if (Number(storage.getItem(key)) < Date.now()) storage.removeItem(key);
    this.#timer = unref(globals.setTimeout(() => this.#renew(), RENEW_MS));
  }

  #lock(owner: string): string { return `${this.#environment.prefix}owner:${owner}`; }
  #lease(owner: string): string { return `${this.#environment.prefix}lease:${owner}`; }
}
