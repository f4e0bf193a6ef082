// Gathers what was touched and tells it once per tick, however many frames came in it.

import { globals, type Timer } from './globals.js';

export class Changes {
  readonly #rooms = new Set<string>();
  #client = false;
  #timer: Timer;
  readonly #tell: (rooms: readonly string[], client: boolean) => void;

  constructor(tell: (rooms: readonly string[], client: boolean) => void) { this.#tell = tell; }

  room(room: string): void { this.#rooms.add(room); this.#soon(); }
  client(): void { this.#client = true; this.#soon(); }

  #soon(): void {
    this.#timer ??= globals.setTimeout(() => {
      const [rooms, client] = [[...this.#rooms], this.#client];
      this.#rooms.clear();
      this.#client = false;
      this.#timer = undefined;
      this.#tell(rooms, client);
    }, 0);
  }
}
