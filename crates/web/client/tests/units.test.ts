// The parts that ask nobody, in every order that a network can make of things.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { emojiKey, isBlank, type Entry, type HistoryMessage, type User } from '../src/index.js';
import { Emitter } from '../src/emitter.js';
import { LoadedMessages, type HistoryPage } from '../src/loaded-messages.js';
import { Backoff, stopReason } from '../src/reconnect.js';
import { UnreadCounts } from '../src/unread-counts.js';
import { defaultWakeUps } from '../src/wake-ups.js';
import { Uuid7 } from '../src/uuid7.js';

const ME: User = { id: 'me', name: 'me', guest: false };
const OTHER: User = { id: 'other', name: 'other', guest: false };

/** Numbers that are the same in each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

/** A room's log, made by chance, and the server's answers from it. */
class Log {
  readonly entries: Entry[] = [];
  readonly #roll: (sides: number) => number;

  constructor(seed: number) { this.#roll = dice(seed); }

  get head(): number { return this.entries.length; }

  /** The next entry; what already holds gets none, as on the server. */
  grow(): void {
    const [seq, author] = [this.head + 1, this.#roll(2) ? ME : OTHER];
    const base = { seq, id: `e${seq}`, author, at: '2026-11-20T10:00:00.000Z' };
    const targets = this.messages(this.head).filter(({ deleted }) => !deleted);
    const target = targets[this.#roll(Math.max(1, targets.length))];
    const kind = target ? this.#roll(8) : 0;
    if (!target || kind < 3) this.entries.push({ ...base, kind: 'message', cid: `c${seq}`, body: `body ${seq}`, mentions: this.#roll(3) === 0 ? [ME] : [] });
    else if (kind === 3) this.entries.push({ ...base, kind: 'edited', target: target.seq, body: `edited ${seq}` });
    else if (kind === 4) this.entries.push({ ...base, kind: 'deleted', target: target.seq });
    else if (kind === 5) this.entries.push({ ...base, kind: 'joined' });
    else {
      const given = this.entries.filter((entry) => entry.kind === 'reaction' && entry.target === target.seq && entry.author === author).at(-1);
      this.entries.push({ ...base, kind: 'reaction', target: target.seq, emoji: '👍', on: !(given && 'on' in given && given.on) });
    }
  }

  /** The messages as of `head`, made by the plainest rules. */
  messages(head: number): HistoryMessage[] {
    const all = this.entries.filter(({ seq }) => seq <= head);
    return all.flatMap((entry): HistoryMessage[] => {
      if (entry.kind !== 'message') return [];
      const { seq, id, author, at, cid } = entry;
      const later = all.filter((other) => 'target' in other && other.target === seq);
      const edit = later.filter((other) => other.kind === 'edited').at(-1);
      const deleted = later.some((other) => other.kind === 'deleted');
      const givers = [ME, OTHER].filter((user) => { const last = later.filter((other) => other.kind === 'reaction' && other.author === user).at(-1); return last && 'on' in last && last.on; });
      return [{
        seq, id, author, at, cid, deleted, ...!deleted && { body: edit && 'body' in edit ? edit.body ?? '' : entry.body ?? '' },
        mentions: deleted ? [] : entry.mentions ?? [], ...edit && !deleted && { edited_at: edit.at },
        reactions: givers.length && !deleted ? [{ emoji: '👍', count: givers.length, mine: givers.includes(ME) }] : [],
      }];
    });
  }

  page(where: { before?: number; after?: number }, limit: number, head = this.head): HistoryPage {
    const { before = Infinity, after } = where;
    const found = this.messages(head).filter(({ seq }) => seq < before && seq > (after ?? 0));
    return { head, more: found.length > limit, messages: after === undefined ? found.slice(-limit) : found.slice(0, limit) };
  }
}

test('whatever the order of pages and entries, a window is a piece of the room without a gap', () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    const [log, roll] = [new Log(seed), dice(seed * 7)];
    for (let i = 0; i < 20 + roll(60); i += 1) log.grow();
    let applied = log.head - roll(10);
    const max = 15 + roll(30);
    const window = new LoadedMessages(ME.id, max, applied);
    const apply = (): void => { const entry = log.entries[applied]; if (entry) { applied += 1; window.entry(entry); } };
    const meanwhile = (): void => { for (let i = roll(8); i > 0; i -= 1) { log.grow(); apply(); apply(); } };
    const first = log.page({}, 10);
    for (let i = roll(5); i > 0; i -= 1) log.grow();
    for (let i = roll(12); i > 0; i -= 1) apply();
    assert.ok(window.covers(first));
    window.replace(first, first.more, false);
    for (let step = 0; step < 40; step += 1) {
      const seqs = window.messages.map(({ seq }) => seq);
      switch (roll(4)) {
        case 0: log.grow(); break;
        case 1: apply(); break;
        case 2: if (window.older && seqs[0] !== undefined) { const page = log.page({ before: seqs[0] }, 10); meanwhile(); if (window.messages[0]?.seq === seqs[0]) window.prepend(page); } break;
        default: if (window.newer) { const page = log.page({ after: seqs.at(-1) ?? 0 }, 10); meanwhile(); window.append(page); }
      }
      const now = window.messages;
      assert.ok(now.length <= max);
      const [low, high] = [now[0]?.seq ?? 0, now.at(-1)?.seq ?? 0];
      const expected = log.messages(log.head).filter(({ seq }) => seq >= low && seq <= high).map(({ seq }) => seq);
      assert.deepEqual(now.map(({ seq }) => seq), expected, `seed ${seed}, step ${step}`);
    }
    // Once everything has arrived, the window says what the server says.
    while (applied < log.head) apply();
    const truth = new Map(log.messages(log.head).map((message) => [message.seq, message]));
    for (const { seq, body, deleted, reactions, mine } of window.messages) {
      const real = truth.get(seq);
      assert.deepEqual([body, deleted, reactions, mine], [real?.body ?? '', real?.deleted, real?.reactions, real?.author === ME], `seed ${seed}, message ${seq}`);
    }
    if (!window.newer) assert.equal(window.messages.at(-1)?.seq, [...truth.keys()].at(-1));
  }
});

test('a page that is older than what was applied before it was asked for is not taken', () => {
  const log = new Log(3);
  for (let i = 0; i < 30; i += 1) log.grow();
  const window = new LoadedMessages(ME.id, 100, 20);
  assert.deepEqual([window.covers(log.page({}, 10, 19)), window.covers(log.page({}, 10, 20))], [false, true]);
});

test('the counts are the server\'s, in whatever order its answers and the entries come', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const [log, roll] = [new Log(seed), dice(seed * 13)];
    const counts = new UnreadCounts();
    let [applied, read] = [0, 0];
    const truth = (head: number): { head: number; read: number; unread: number; mentions: number } => {
      const unread = log.messages(head).filter(({ seq, author, deleted }) => seq > read && author !== ME && !deleted);
      return { head, read, unread: unread.length, mentions: unread.filter(({ mentions }) => mentions?.includes(ME)).length };
    };
    let uncertain = false;
    const apply = (): void => {
      const entry = log.entries[applied];
      if (!entry) return;
      applied += 1;
      if (entry.kind === 'message' && entry.author !== ME) counts.message(entry.seq, entry.mentions?.includes(ME) ?? false);
      if (entry.kind === 'deleted' && counts.deleted(entry.target)) uncertain = true;
    };
    for (let step = 0; step < 80; step += 1) {
      switch (roll(6)) {
        case 0: case 1: case 2: log.grow(); break;
        case 3: case 4: apply(); break;
        default:
          if (roll(2)) { read = Math.max(read, roll(log.head + 1)); if (counts.mark(read)) uncertain = true; }
          else uncertain = counts.line(truth(log.head));
      }
    }
    while (applied < log.head) apply();
    if (uncertain) counts.line(truth(log.head));
    const { unread, mentions } = truth(log.head);
    assert.deepEqual([counts.unread, counts.mentions, counts.read], [unread, mentions, read], `seed ${seed}`);
  }
});

test('an hour of ten messages a second leaves nothing behind', () => {
  const counts = new UnreadCounts();
  const window = new LoadedMessages(ME.id, 400, 0);
  window.replace({ messages: [], more: false, head: 0 }, false, false);
  for (let seq = 1; seq <= 36_000; seq += 1) {
    counts.message(seq, false);
    window.entry({ seq, kind: 'message', id: `e${seq}`, cid: `c${seq}`, author: OTHER, at: '', body: 'x' });
  }
  assert.deepEqual([window.messages.length, window.messages[0]?.seq, window.older, counts.unread], [400, 35_601, true, 999]);
});

test('ids sort in the order they were made, also after those of an earlier page', () => {
  const [ids, last] = [new Uuid7(), new Uuid7()];
  const made = Array.from({ length: 10_000 }, () => ids.next());
  assert.deepEqual([...made].sort(), made);
  assert.equal(new Set(made).size, made.length);
  assert.match(made[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const future = 'ffffffff-0000-7000-8000-000000000000';
  last.startAfter(future);
  assert.ok(last.next() > future);
  last.startAfter('no uuid at all');
  assert.ok(last.next() > future);
});

test('delays grow to half a minute, jitter, and give way to what the server says', () => {
  const backoff = new Backoff();
  for (const ceiling of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) assert.ok(backoff.next() <= ceiling);
  backoff.told(1_234);
  assert.equal(backoff.next(), 1_234);
  backoff.tried();
  assert.notEqual(new Set(Array.from({ length: 20 }, () => backoff.next())).size, 1);
  backoff.lived(5_000);
  assert.notEqual(backoff.attempt, 0, 'a line that lived for a moment does not count');
  backoff.lived(60_000);
  assert.ok(backoff.next() <= 2_000);
});

test('close codes say who comes back', () => {
  const back = [1001, 1005, 1006, 1011, 1012, 1013, 4000, 4002, 4003, 4008, 4009, 4011, 4499];
  assert.deepEqual(back.map(stopReason), back.map(() => undefined));
  assert.deepEqual([1000, 1002, 1003, 1007, 1009, 4501, 4503, 4504, 4505, 4508, 4999].map(stopReason),
    ['protocol', 'protocol', 'protocol', 'protocol', 'protocol', 'protocol', 'taken-over', 'banned', 'too-many', 'flood', 'protocol']);
});

test('a listener that fails disturbs neither the others nor the caller', () => {
  const emitter = new Emitter<{ it: number }>();
  const heard: number[] = [];
  const later: (() => void)[] = [];
  const real = globalThis.setTimeout;
  globalThis.setTimeout = ((work: () => void) => { later.push(work); return 0; }) as unknown as typeof setTimeout;
  try {
    emitter.on('it', () => { throw new Error('mine'); });
    const end = emitter.on('it', (n) => heard.push(n));
    emitter.emit('it', 1);
    end();
    emitter.emit('it', 2);
  } finally {
    globalThis.setTimeout = real;
  }
  assert.deepEqual(heard, [1]);
  assert.equal(later.length, 2);
  assert.throws(later[0] ?? (() => {}), /mine/);
});

test('a sleep that no event tells of is noticed by a timer that is late, and looking at the page wakes, too', () => {
  const real = { setTimeout: globalThis.setTimeout, now: Date.now };
  const scope = globalThis as { document?: unknown };
  const ticks: (() => void)[] = [];
  const heard = new Map<string, () => void>();
  const woken: string[] = [];
  let now = 1_000_000;
  globalThis.setTimeout = ((work: () => void) => { ticks.push(work); return {}; }) as unknown as typeof setTimeout;
  Date.now = () => now;
  scope.document = { visibilityState: 'visible', addEventListener: (type: string, listener: () => void) => heard.set(type, listener), removeEventListener: (type: string) => heard.delete(type) };
  try {
    const end = defaultWakeUps((why) => woken.push(why));
    const pass = (ms: number): void => { now += ms; ticks.shift()?.(); };
    pass(5_000);
    pass(9_000);
    assert.deepEqual(woken, [], 'a busy page is not asleep');
    pass(3_600_000);
    pass(5_000);
    assert.deepEqual(woken, ['timer']);
    heard.get('visibilitychange')?.();
    heard.get('resume')?.();
    assert.deepEqual(woken, ['timer', 'visible', 'resume']);
    end();
    assert.equal(heard.size, 0);
  } finally {
    globalThis.setTimeout = real.setTimeout;
    Date.now = real.now;
    delete scope.document;
  }
});

test('texts are blank where the server calls them so', () => {
  const words = JSON.parse(readFileSync(new URL('../../../../../tests/words.json', import.meta.url), 'utf8')) as { blank: string[]; visible: string[] };
  for (const it of words.blank) assert.equal(isBlank(it), true, JSON.stringify(it));
  for (const it of words.visible) assert.equal(isBlank(it), false, JSON.stringify(it));
  assert.equal(emojiKey('❤️'), emojiKey('❤'));
});
