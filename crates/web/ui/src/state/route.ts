// Where the page is, as the fragment of its address: it never reaches the server, so no log has a room's key or
// the code of an invitation. `#/room/KEY`, `#/room/KEY/SEQ`, `#/invite/CODE`, else nothing is open.

import { createSignal } from 'solid-js';
import { parseRoute, type Route } from './parse-route.ts';

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
