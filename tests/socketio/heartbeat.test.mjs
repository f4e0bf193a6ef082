// Short intervals: a stock client would close the connection if a ping came too late, and the server if a
// pong did.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Server } from '../browser/server.mjs';
import { MODES, connected, leave, person } from './people.mjs';

const server = new Server({ PARLOR_SOCKETIO_PING_INTERVAL_MS: '300', PARLOR_SOCKETIO_PING_TIMEOUT_MS: '200' });
before(() => server.start());
after(async () => { leave(); await server.clear(); });

test('idle clients stay connected by pings', async () => {
  const people = Object.values(MODES).map((transports, index) => person(server.url, transports, { auth: { guest: `idle${index}` } }));
  await Promise.all(people.map(connected));
  const ends = [];
  for (const socket of people) socket.on('disconnect', (reason) => ends.push(reason));
  let pings = 0;
  for (const socket of people) socket.io.on('ping', () => { pings += 1; });
  // Time is what this is about.
  await pause(2500);
  assert.deepEqual(ends, []);
  assert.ok(pings >= 15, `${pings} pings`);
});
