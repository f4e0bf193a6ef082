// Listeners by event. One that throws disturbs neither the others nor the caller.

import { globals } from './globals.js';

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  on<K extends keyof Events>(event: K, listener: (detail: Events[K]) => void): () => void {
    // A function of its own, so that the same listener given twice is called twice and ended once each.
    const own = (detail: Events[K]): void => listener(detail);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (detail: Events[K]) => void)(detail);
      } catch (error) {
        // Thrown again from a timer, it reaches the console or the process like any uncaught error.
        globals.setTimeout(() => { throw error; }, 0);
      }
    }
  }
}
