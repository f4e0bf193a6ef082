// The window of one room: fetches the pages, one at a time, and says what is loaded.

import { sleep, type Calls } from './calls.js';
import { ParlorError } from './error.js';
import { LoadedMessages, type HistoryPage } from './loaded-messages.js';
import type { Entry, EventEntry } from './protocol.js';
import type { Message, MessageWindow } from './views.js';

export interface WindowDeps {
  readonly room: string;
  readonly calls: Calls;
  readonly max: number;
  me(): string;
  cursor(): number | undefined;
  touched(): void;
  /** Whether an attempt to connect has failed, and there is no line. */
  isOffline(): boolean;
  /** What the storage has of the newest messages. */
  kept(): readonly Message[];
  keepSoon(messages: () => readonly Message[]): void;
  /** Messages came by a page: some may be one's own that are still on their way. */
  arrived(messages: readonly Message[]): void;
}

type Loading = MessageWindow['loading'];

const FIRST_PAGE = 50;
const FURTHER_PAGE = 100;
const EVENTS_MAX = 200;
/** How often a page is asked for again because a replica that lags behind answered. */
const STALE_MAX = 4;
const STALE_MS = 100;

const NOTHING: readonly never[] = [];

export class RoomWindow {
  readonly #deps: WindowDeps;
  #loaded: LoadedMessages | null = null;
  /** Whether that came from the storage. */
  #isStale = false;
  /** What the first page under way will become: it collects the entries that come meanwhile. */
  #next: LoadedMessages | null = null;
  #wanted: { around: number | undefined } | null = null;
  #loading: Loading = 'no';
  #turn = 0;
  #error: ParlorError | undefined;
  /** Never changed in place: snapshots share it. */
  #events: readonly EventEntry[] = NOTHING;
  #snapshot: MessageWindow | null = null;

  constructor(deps: WindowDeps) { this.#deps = deps; }

  get snapshot(): MessageWindow {
    this.#snapshot ??= {
      loaded: this.#loaded !== null,
      stale: this.#isStale,
      loading: this.#loading,
      messages: this.#loaded?.messages ?? NOTHING,
      older: this.#loaded?.older ?? false,
      newer: this.#loaded?.newer ?? false,
      events: this.#events,
      ...this.#error && { error: this.#error },
    };
    return this.#snapshot;
  }

  find(seq: number): Message | undefined { return this.#loaded?.find(seq); }

  async open(around?: number): Promise<void> {
    const { me, max, cursor } = this.#deps;
    this.#wanted = { around };
    const next = new LoadedMessages(me(), max, cursor() ?? 0);
    this.#next = next;
    if (this.#deps.isOffline()) this.offline();
    await this.#load('page', async (current) => {
      const page = await this.#page(next, around === undefined ? {} : { around }, FIRST_PAGE);
      if (!current()) return;
      this.#next = null;
      this.#loaded = next;
      this.#isStale = false;
      if (around === undefined) next.replace(page, page.more, false);
      // `more` of such a page is about its newer end. Whether there is anything older, the next page says.
      else next.replace(page, page.messages.length > 0, page.more);
      this.#deps.arrived(next.messages);
    });
  }

  loadOlder(): Promise<void> {
    return this.#further('older', async (loaded, messages) => {
      const before = messages[0]?.seq;
      if (before === undefined) return;
      const page = await this.#page(loaded, { before }, FURTHER_PAGE);
      if (this.#loaded === loaded) loaded.prepend(page);
    });
  }

  loadNewer(): Promise<void> {
    return this.#further('newer', async (loaded, messages) => {
      const after = messages.at(-1)?.seq;
      if (after === undefined) return;
      const page = await this.#page(loaded, { after }, FURTHER_PAGE);
      if (this.#loaded === loaded) loaded.append(page);
      this.#deps.arrived(loaded.messages);
    });
  }

  close(): void {
    this.#turn += 1;
    this.#loaded = null;
    this.#isStale = false;
    this.#next = null;
    this.#wanted = null;
    this.#events = NOTHING;
    this.#error = undefined;
    this.#loading = 'no';
    this.#touched();
  }

  /** The next entry of the room. */
  entry(entry: Entry): void {
    this.#next?.entry(entry);
    if (!this.#loaded || this.#isStale) return;
    const changed = this.#loaded.entry(entry);
    const event = asEvent(entry);
    if (event) this.#events = [...this.#events, event].slice(-EVENTS_MAX);
    if (changed || event) this.#touched();
  }

  /** Entries were skipped: reads the page that is in view anew. What is shown stays until it is here. */
  skipped(): void {
    if (!this.#wanted) return;
    const messages = this.#loaded?.newer ? this.#loaded.messages : NOTHING;
    this.#events = NOTHING;
    this.open(messages[messages.length >> 1]?.seq ?? (this.#loaded ? undefined : this.#wanted.around)).catch(() => {});
  }

  /** There is a line again: what could not be loaded without one is loaded now. */
  reconnected(): void {
    if (this.#wanted && (!this.#loaded || this.#isStale) && this.#loading === 'no') this.open(this.#wanted.around).catch(() => {});
  }

  /** There is no line, nor will there be one soon: what the storage has is better than nothing. */
  offline(): void {
    if (!this.#wanted || this.#loaded) return;
    const kept = this.#deps.kept();
    const [first] = kept;
    if (!first || first.seq > (this.#wanted.around ?? Infinity)) return;
    this.#loaded = new LoadedMessages(this.#deps.me(), this.#deps.max, 0);
    this.#loaded.restore(kept);
    this.#isStale = true;
    this.#touched();
  }

  async #further(loading: 'older' | 'newer', work: (loaded: LoadedMessages, messages: readonly Message[]) => Promise<void>): Promise<void> {
    const loaded = this.#loaded;
    if (!loaded?.[loading] || this.#loading !== 'no') return;
    await this.#load(loading, () => work(loaded, loaded.messages));
  }

  /** Says that something is under way, and afterwards what became of it, unless something newer began meanwhile. */
  async #load(loading: Loading, work: (current: () => boolean) => Promise<void>): Promise<void> {
    const turn = ++this.#turn;
    const current = (): boolean => this.#turn === turn;
    this.#loading = loading;
    this.#error = undefined;
    this.#touched();
    try {
      await work(current);
    } catch (error) {
      if (current() && error instanceof ParlorError) { this.#error = error; this.#next = null; }
      throw error;
    } finally {
      if (current()) this.#loading = 'no';
      this.#touched();
    }
  }

  async #page(loaded: LoadedMessages, where: { before?: number; after?: number; around?: number }, limit: number): Promise<HistoryPage> {
    const { room, calls } = this.#deps;
    for (let attempt = 0; ; attempt += 1) {
      const page = await calls.call('history', { room, ...where, limit }, { retry: true });
      if (loaded.covers(page) || attempt >= STALE_MAX) return page;
      await sleep(STALE_MS * 2 ** attempt);
    }
  }

  #touched(): void {
    this.#snapshot = null;
    const loaded = this.#loaded;
    if (loaded && !this.#isStale && !loaded.newer) this.#deps.keepSoon(() => loaded.messages);
    this.#deps.touched();
  }
}

function asEvent(entry: Entry): EventEntry | null {
  switch (entry.kind) {
    case 'joined': case 'left': case 'invited': case 'kicked': case 'banned': case 'unbanned': case 'muted': case 'unmuted': case 'role': case 'room': return entry;
    default: return null;
  }
}
