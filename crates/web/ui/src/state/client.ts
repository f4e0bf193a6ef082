// The one client of this page, and its state as a signal. Nothing else of the page talks to the server.

import { createMemo, createSignal } from 'solid-js';
import { createClient, type ClientState, type ParlorClient } from '@parlor/client';

export const client: ParlorClient = createClient({
  url: location.origin,
  client: 'parlor-page',
  windowMessages: 20_000,
  windows: 4,
});

const [snapshot, setSnapshot] = createSignal<ClientState>(client.state);
client.on('change', setSnapshot);

export const state = snapshot;
export const me = createMemo(() => state().user);
export const connection = createMemo(() => state().connection);
export const isOnline = createMemo(() => connection().status === 'online');
