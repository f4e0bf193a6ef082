// Search: what someone types becomes the fields of the command `search`, where a server has it.

import { ParlorError, type User } from '@parlor/client';
import type { Wanted } from './search-query.ts';
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

/** Returns null where a server does not search. */
export async function searchMessages(wanted: Wanted, cursor?: string): Promise<Found | null> {
  const { query, from, before, after, has } = wanted;
  const d = { query, limit: 20, ...(wanted.in && { room: wanted.in }), ...(from && { from }), ...(before && { before }), ...(after && { after }), ...(has && { has }), ...(cursor && { cursor }) };
  try { return (await client.call('search', d)) as Found; } catch (error) {
    if (error instanceof ParlorError && (error.name === 'unknown_op' || error.name === 'no_such_path')) return null;
    throw error;
  }
}
