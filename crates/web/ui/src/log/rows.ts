// What the log shows, line by line: messages, those on their way, who came and went, days, and where the new begins.

import type { EventEntry, Message, MessageWindow, OutgoingMessage } from '@parlor/client';
import { dayNumber } from '../day-number.ts';

export interface SaidRow {
  readonly kind: 'said';
  readonly key: string;
  readonly message?: Message;
  readonly outgoing?: OutgoingMessage;
  /** Whether the author and the time are shown: not when the same author goes on within minutes. */
  readonly first: boolean;
  /** The moment whose day begins with this row. */
  readonly day?: number;
  readonly fresh: boolean;
}
export interface EventRow {
  readonly kind: 'event';
  readonly key: string;
  readonly event: EventEntry;
  readonly day?: number;
  readonly fresh: boolean;
}
export interface StartRow { readonly kind: 'start'; readonly key: 'start' }
export type Row = SaidRow | EventRow | StartRow;

const GROUP_MS = 5 * 60_000;

export interface RowsInput {
  readonly window: MessageWindow;
  readonly outgoing: readonly OutgoingMessage[];
  /** New is what is above it; absent: nothing is. */
  readonly marker?: number | undefined;
}

const keyOf = (message: Message): string => (message.mine && message.cid ? `c:${message.cid}` : `s:${message.seq}`);

export function buildRows({ window, outgoing, marker }: RowsInput): Row[] {
  if (!window.loaded) return outgoing.map((it, at) => ({ kind: 'said', key: `c:${it.cid}`, outgoing: it, first: at === 0, fresh: false }));
  const rows: Row[] = window.older ? [] : [{ kind: 'start', key: 'start' }];
  const shown = new Set<string>();
  let author = '';
  let lastAt = 0;
  let lastDay: number | undefined;
  let isFreshShown = marker === undefined;
  // Each moment is read once: a log has thousands.
  const opens = (at: number): number | undefined => {
    const day = dayNumber(at);
    if (day === lastDay) return undefined;
    lastDay = day;
    author = '';
    return at;
  };
  const isFresh = (seq: number, mine: boolean): boolean => {
    if (isFreshShown || mine || seq <= (marker ?? 0)) return false;
    isFreshShown = true;
    author = '';
    return true;
  };
  const { messages, events } = window;
  const [from, to] = [messages[0]?.seq ?? 0, window.newer ? messages.at(-1)?.seq ?? 0 : Infinity];
  const between = events.filter((event) => event.seq <= to && (event.seq >= from || !window.older));
  let nextEvent = 0;
  const eventsUpTo = (seq: number): void => {
    for (; nextEvent < between.length && between[nextEvent]!.seq < seq; nextEvent += 1) {
      const event = between[nextEvent]!;
      const day = opens(Date.parse(event.at));
      author = '';
      rows.push({ kind: 'event', key: `e:${event.seq}`, event, fresh: false, ...(day !== undefined && { day }) });
    }
  };
  for (const message of messages) {
    eventsUpTo(message.seq);
    const at = Date.parse(message.at);
    const day = opens(at);
    const fresh = isFresh(message.seq, message.mine);
    const first = message.author.id !== author || at - lastAt > GROUP_MS || message.replyTo !== undefined;
    if (first) lastAt = at;
    author = message.author.id;
    const key = keyOf(message);
    shown.add(key);
    rows.push({ kind: 'said', key, message, first, fresh, ...(day !== undefined && { day }) });
  }
  eventsUpTo(Infinity);
  for (const it of window.newer ? [] : outgoing) {
    const key = `c:${it.cid}`;
    if (shown.has(key)) continue;
    const day = opens(it.typedAt);
    const first = it.author.id !== author || it.typedAt - lastAt > GROUP_MS || it.replyTo !== undefined;
    if (first) lastAt = it.typedAt;
    author = it.author.id;
    rows.push({ kind: 'said', key, outgoing: it, first, fresh: false, ...(day !== undefined && { day }) });
  }
  return rows;
}

/** Whether two windows make the same rows. That a page is under way makes no other: a log has thousands. */
export function sameContent(one: MessageWindow, other: MessageWindow): boolean {
  return one.messages === other.messages && one.events === other.events && one.loaded === other.loaded && one.older === other.older && one.newer === other.newer;
}

/** Whether two rows of one key are drawn alike. */
export function sameRow(one: Row, other: Row): boolean {
  if (one.kind === 'said' && other.kind === 'said') {
    return one.message === other.message && one.outgoing === other.outgoing && one.first === other.first && one.day === other.day && one.fresh === other.fresh;
  }
  if (one.kind === 'event' && other.kind === 'event') return one.event === other.event && one.day === other.day && one.fresh === other.fresh;
  return one.kind === other.kind;
}

export const seqOf = (row: Row): number | undefined => (row.kind === 'said' ? row.message?.seq : row.kind === 'event' ? row.event.seq : undefined);
