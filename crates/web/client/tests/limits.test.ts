// With the server's limits on: a client that is in a hurry waits, and is never thrown out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodies, guest, until, world } from './support/world.js';

const { relay } = world({ PARLOR_LIMITS: 'on', PARLOR_SENDS_PER_S: '20', PARLOR_COMMANDS_PER_S: '20' });

test('a burst beyond the limit is stored in order, at the pace of the server', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  const typed = Array.from({ length: 80 }, (_, i) => `message ${i}`);
  for (const body of typed) room.send(body);
  const states = new Set<string>();
  alice.on('change', ({ connection }) => states.add(connection.status));
  await Promise.all([until(() => room.outgoing.length === 0, 'all are stored'), alice.publicRooms(), alice.refresh()]);
  assert.deepEqual(bodies(room), typed);
  assert.deepEqual([...states], ['online']);
});
