// The session that the storage keeps for the next page load. Other tabs write there too: what is stored is
// compared before it is replaced or removed, so that a stale tab never ends what a newer one began.

import type { Environment } from './environment.js';
import type { User } from './protocol.js';

export interface StoredSession {
  readonly token: string;
  readonly user: User;
}

export class Sessions {
  readonly #storage: Environment['storage'];
  readonly #key: string;

  constructor({ storage, prefix }: Environment) {
    this.#storage = storage;
    this.#key = `${prefix}session`;
  }

  read(): StoredSession | null {
    try {
      const stored = JSON.parse(this.#storage.getItem(this.#key) ?? 'null') as StoredSession | null;
      return typeof stored?.token === 'string' && typeof stored.user?.id === 'string' ? stored : null;
    } catch {
      return null;
    }
  }

  /** Keeps a session that someone just began here. */
  begin({ token, user }: StoredSession): void {
    try { this.#storage.setItem(this.#key, JSON.stringify({ token, user })); } catch { /* Full: the next page load asks for a sign-in. */ }
  }

  /** Keeps what is new of a session that went on (a name), unless another tab began a different one. */
  goOn(session: StoredSession): void {
    if (this.read()?.token === session.token) this.begin(session);
  }

  /** Removes a session, unless another tab began a different one. */
  end(token: string | null): void {
    if (this.read()?.token === token) this.#storage.removeItem(this.#key);
  }
}
