// Where the page is, as the fragment of its address: it never reaches the server, so no log has a room's key or
// the code of an invitation. `#/room/KEY`, `#/room/KEY/SEQ`, `#/invite/CODE`, else nothing is open.

import { createSignal } from 'solid-js';

export type Route =
  | { readonly at: 'none' }
  | { readonly at: 'room'; readonly key: string; readonly seq?: number }
  | { readonly at: 'invite'; readonly code: string };

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decoded);
  const [kind, key, seq] = parts;
  if (kind === 'room' && key) {
    const number = Number(seq);
    return Number.isSafeInteger(number) && number > 0 ? { at: 'room', key, seq: number } : { at: 'room', key };
  }
  if (kind === 'invite' && key) return { at: 'invite', code: key };
  return { at: 'none' };
}

function decoded(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}

/** `~` and the other characters of a room's key need no escape in a fragment. */
export const roomAddress = (key: string, seq?: number): string => `#/room/${encodeURIComponent(key)}${seq ? `/${seq}` : ''}`;
export const inviteAddress = (code: string): string => `${location.origin}/#/invite/${encodeURIComponent(code)}`;
export const permalink = (key: string, seq: number): string => `${location.origin}/${roomAddress(key, seq)}`;

const [current, setCurrent] = createSignal<Route>(parseRoute(location.hash));
addEventListener('hashchange', () => setCurrent(parseRoute(location.hash)));

export const route = current;

export function go(address: string, replace = false): void {
  if (address === location.hash) { setCurrent(parseRoute(address)); return; }
  if (replace) {
    history.replaceState(null, '', address);
    setCurrent(parseRoute(address));
  } else {
    location.hash = address;
  }
}

export const openRoom = (key: string, seq?: number): void => go(roomAddress(key, seq));
export const closeRoom = (replace = false): void => go('#/', replace);
