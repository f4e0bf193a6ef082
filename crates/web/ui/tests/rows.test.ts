// What the log makes of a window: groups, days, where the new begins, and one row for one message.

import type { EventEntry, Message, MessageWindow, OutgoingMessage } from '@parlor/client';
import { describe, expect, test } from 'vitest';
import { buildRows, sameRow, type Row, type SaidRow } from '../src/log/rows.ts';

const NOON = Date.parse('2026-11-20T12:00:00');

function message(seq: number, author: string, minutes: number, more: Partial<Message> = {}): Message {
  return { seq, id: `e${seq}`, cid: `c${seq}`, author: { id: author, name: author, guest: false }, mine: author === 'me', at: new Date(NOON + minutes * 60_000).toISOString(), body: `${seq}`, deleted: false, mentions: [], mentionsMe: false, reactions: [], ...more };
}

function outgoing(cid: string, minutes: number): OutgoingMessage {
  return { cid, room: 'r', author: { id: 'me', name: 'me', guest: false }, body: cid, typedAt: NOON + minutes * 60_000, state: 'waiting', persisted: true, retry() {}, discard: () => true };
}

const window = (messages: Message[], more: Partial<MessageWindow> = {}): MessageWindow => ({ loaded: true, loading: 'no', messages, older: true, newer: false, events: [], ...more });
const said = (rows: readonly Row[]): SaidRow[] => rows.filter((row): row is SaidRow => row.kind === 'said');

describe('rows', () => {
  test('one author within five minutes is one group, another author or a reply is not', () => {
    const rows = said(buildRows({ window: window([message(1, 'a', 0), message(2, 'a', 4), message(3, 'a', 6), message(4, 'b', 6), message(5, 'b', 7, { replyTo: 1 })]), outgoing: [] }));
    expect(rows.map((row) => row.first)).toEqual([true, false, true, true, true]);
  });

  test('each day begins once, also between one author’s messages', () => {
    const rows = said(buildRows({ window: window([message(1, 'a', 0), message(2, 'a', 1), message(3, 'a', 24 * 60)]), outgoing: [] }));
    expect(rows.map((row) => row.day !== undefined)).toEqual([true, false, true]);
    expect(rows[2]?.first).toBe(true);
  });

  test('the new begins at the first message of others above the marker', () => {
    const all = [message(1, 'a', 0), message(2, 'me', 1), message(3, 'a', 2), message(4, 'a', 3)];
    const fresh = (marker?: number): number[] => said(buildRows({ window: window(all), outgoing: [], marker })).filter((row) => row.fresh).map((row) => row.message!.seq);
    expect(fresh(1)).toEqual([3]);
    expect(fresh(3)).toEqual([4]);
    expect(fresh(4)).toEqual([]);
    expect(fresh()).toEqual([]);
  });

  test('a message that is stored keeps the row that it had on its way', () => {
    const [before] = said(buildRows({ window: window([]), outgoing: [outgoing('c9', 0)] }));
    const both = said(buildRows({ window: window([message(9, 'me', 0)]), outgoing: [outgoing('c9', 0)] }));
    expect(both.map((row) => row.key)).toEqual([before!.key]);
  });

  test('two people’s messages are two rows, whatever ids they chose', () => {
    const rows = said(buildRows({ window: window([message(1, 'a', 0, { cid: 'same' }), message(2, 'b', 0, { cid: 'same' })]), outgoing: [] }));
    expect(new Set(rows.map((row) => row.key)).size).toBe(2);
  });

  test('events stand between the messages they came between, and not beyond a window’s ends', () => {
    const event = (seq: number): EventEntry => ({ kind: 'joined', seq, id: `e${seq}`, author: { id: 'b', name: 'b', guest: true }, at: new Date(NOON).toISOString() });
    const order = (more: Partial<MessageWindow>): string[] => buildRows({ window: window([message(5, 'a', 0), message(8, 'a', 1)], { events: [event(2), event(6), event(9)], ...more }), outgoing: [] }).map((row) => row.key);
    expect(order({ older: true, newer: true })).toEqual(['s:5', 'e:6', 's:8']);
    expect(order({ older: false, newer: false })).toEqual(['start', 'e:2', 's:5', 'e:6', 's:8', 'e:9']);
  });

  test('what waits is not shown above messages that are not loaded yet', () => {
    expect(said(buildRows({ window: window([message(1, 'a', 0)], { newer: true }), outgoing: [outgoing('x', 1)] }))).toHaveLength(1);
  });

  test('a row is drawn again only if it changed', () => {
    const same = message(1, 'a', 0);
    const [one] = buildRows({ window: window([same]), outgoing: [] });
    const [other] = buildRows({ window: window([same, message(2, 'a', 1)]), outgoing: [] });
    const [changed] = buildRows({ window: window([{ ...same, body: 'new' }]), outgoing: [] });
    expect(sameRow(one!, other!)).toBe(true);
    expect(sameRow(one!, changed!)).toBe(false);
  });
});
