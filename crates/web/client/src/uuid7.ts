// Ids for sends: UUIDv7, which order by time and are the cheapest for the server to index.

import { globals } from './globals.js';

/** Makes ids each of which sorts after the one before, also within a millisecond and when the clock is set back. */
export class Uuid7 {
  #ms = 0;
  #count = 0;

  /** Makes all further ids sort after `id`, if that is one of this kind. */
  startAfter(id: string): void {
    const ms = /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : 0;
    if (ms >= this.#ms) { this.#ms = ms; this.#count = 0xfff; }
  }

  next(): string {
    const now = Date.now();
    if (now > this.#ms) { this.#ms = now; this.#count = 0; } else this.#count += 1;
    if (this.#count > 0xfff) { this.#ms += 1; this.#count = 0; }
    const bytes = globals.crypto.getRandomValues(new Uint8Array(8));
    bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x80;
    const random = hex(bytes);
    const time = this.#ms.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${this.#count.toString(16).padStart(3, '0')}-${random.slice(0, 4)}-${random.slice(4)}`;
  }
}

/** Returns a random name of 16 characters, as for a tab. */
export function randomName(): string {
  return hex(globals.crypto.getRandomValues(new Uint8Array(8)));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
