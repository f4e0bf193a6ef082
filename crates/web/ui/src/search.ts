// Search: what someone types becomes the fields of the command `search`, where a server has it.

import { ParlorError, type User } from '@parlor/client';
import { client } from './state/client.ts';

export interface FoundMessage {
  readonly room: string;
  readonly seq: number;
  readonly id: string;
  readonly author: User;
  readonly at: string;
  readonly body: string;
  /** Where the words are: pairs of beginning and end. */
  readonly highlights: readonly (readonly [number, number])[];
}

export interface Found { readonly messages: readonly FoundMessage[]; readonly next?: string }

export interface Wanted {
  readonly query: string;
  readonly from?: string;
  readonly in?: string;
  readonly before?: number;
  readonly after?: number;
  readonly has?: 'link';
}

/** Takes `from:`, `in:`, `before:`, `after:` and `has:` out of a text; what is left are the words. */
export function parseSearch(text: string): Wanted {
  const wanted: { -readonly [K in keyof Wanted]: Wanted[K] } = { query: '' };
  const query = text.replace(/(?:^|\s)(from|in|before|after|has):(\S+)/gu, (whole, name: string, value: string) => {
    const day = Date.parse(`${value}T00:00:00`);
    if (name === 'from') wanted.from = `@${value.replace(/^@/u, '')}`;
    else if (name === 'in') wanted.in = value.replace(/^#/u, '');
    else if (name === 'has' && value === 'link') wanted.has = 'link';
    else if (name === 'before' && !Number.isNaN(day)) wanted.before = day;
    // "After a day" means: once it is over.
    else if (name === 'after' && !Number.isNaN(day)) wanted.after = day + 86_400_000 - 1;
    else return whole;
    return '';
  });
  return { ...wanted, query: query.trim() };
}

/** Returns null where a server does not search. */
export async function searchMessages(wanted: Wanted, cursor?: string): Promise<Found | null> {
  const { query, from, before, after, has } = wanted;
  const d = { query, limit: 20, ...(wanted.in && { room: wanted.in }), ...(from && { from }), ...(before && { before }), ...(after && { after }), ...(has && { has }), ...(cursor && { cursor }) };
  try { return (await client.call('search', d)) as Found; } catch (error) {
    if (error instanceof ParlorError && (error.name === 'unknown_op' || error.name === 'no_such_path')) return null;
    throw error;
  }
}

/** Cuts a text around its first highlight into pieces that are found and pieces that are not. */
export function marked(body: string, highlights: FoundMessage['highlights'], length = 220): { readonly text: string; readonly isFound: boolean }[] {
  const first = highlights[0]?.[0] ?? 0;
  const start = Math.max(0, first - 60);
  const end = Math.min(body.length, start + length);
  const pieces: { text: string; isFound: boolean }[] = [];
  let done = start;
  for (const [from, to] of highlights) {
    if (from < done || to > end) continue;
    pieces.push({ text: body.slice(done, from), isFound: false }, { text: body.slice(from, to), isFound: true });
    done = to;
  }
  pieces.push({ text: body.slice(done, end), isFound: false });
  return [{ text: start > 0 ? '…' : '', isFound: false }, ...pieces, { text: end < body.length ? '…' : '', isFound: false }].filter(({ text }) => text !== '');
}
