// npm's socket.io-client, as it is, in its three ways to connect.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Server } from '../browser/server.mjs';
import { MODES, connected, heard, leave, person, seqs, texts } from './people.mjs';

const server = new Server();
before(() => server.start());
after(async () => { leave(); await server.clear(); });

let number = 0;
const name = (who) => `${who}${++number}`;

for (const [mode, transports] of Object.entries(MODES)) {
  test(`people chat: ${mode}`, async () => {
    const [alice, bob] = [name('alice'), name('bob')];
    const [a, b] = [alice, bob].map((guest) => person(server.url, transports, { auth: { guest } }));
    await Promise.all([connected(a), connected(b)]);
    for (const socket of [a, b]) {
      const joined = await socket.emitWithAck('join', { room: 'general' });
      assert.equal(joined.ok.card.room, 'general');
    }
    assert.equal((await heard(a, 'user_joined', (user) => user.username === bob)).room, 'general');
    for (let round = 0; round < 5; round++) {
      await a.emitWithAck('send', { room: 'general', cid: `a${round}`, body: `${alice} ${round}` });
      await b.emitWithAck('send_message', { room: 'general', content: `${bob} ${round}` });
    }
    const end = await a.emitWithAck('send', { room: 'general', cid: 'end', body: `${alice} ends` });
    for (const socket of [a, b]) await heard(socket, 'message', (message) => message.seq >= end.ok.seq);
    assert.deepEqual(texts(a, 'general').slice(-10), texts(b, 'general').slice(-10), 'one order');
    const repeat = await a.emitWithAck('send', { room: 'general', cid: 'a0', body: `${alice} 0` });
    assert.equal(repeat.ok.dup, true);
    const presence = await a.emitWithAck('presence', { room: 'general' });
    assert.ok(presence.ok.online.some((user) => user.name === bob));
    assert.equal(a.io.engine.transport.name, transports.at(-1));
    b.disconnect();
    await heard(a, 'presence', (d) => d.changes.some(({ user, state }) => user.name === bob && state === 'offline'));
    a.disconnect();
  });

  test(`a kill in mid-conversation loses and doubles nothing: ${mode}`, async () => {
    const [alice, bob] = [name('alice'), name('bob')];
    const a = person(server.url, transports, { auth: { guest: alice }, retries: 50, ackTimeout: 1000 });
    const b = person(server.url, transports, { auth: { guest: bob } });
    await Promise.all([connected(a), connected(b)]);
    for (const socket of [a, b]) await socket.emitWithAck('join', { room: 'general' });
    const sends = [];
    for (let round = 0; round < 40; round++) {
      sends.push(a.emitWithAck('send', { room: 'general', cid: `k${round}`, body: `${alice} ${round}` }));
      if (round === 20) {
        await sends[10];
        const back = [a, b].map((socket) => once(socket, 'connect'));
        await server.end('SIGKILL');
        await server.start();
        await Promise.all(back);
        assert.ok(a.recovered && b.recovered);
      }
    }
    const acked = await Promise.all(sends);
    const last = Math.max(...acked.map(({ ok }) => ok.seq));
    for (const socket of [a, b]) await heard(socket, 'message', (message) => message.seq >= last);
    const expected = Array.from({ length: 40 }, (_, round) => `${alice} ${round}`);
    for (const socket of [a, b]) {
      assert.deepEqual(texts(socket, 'general').filter((text) => text.startsWith(`${alice} `)), expected);
      const all = seqs(socket, 'entry', 'general');
      assert.deepEqual(all, Array.from({ length: all.length }, (_, index) => all[0] + index), 'no gap, no repeat');
    }
    a.disconnect();
    b.disconnect();
  });

  test(`who is sent away stays away, and after a stop everybody comes back: ${mode}`, async () => {
    const [alice, bob] = [name('alice'), name('bob')];
    const [a, b] = [alice, bob].map((guest) => person(server.url, transports, { auth: { guest } }));
    await Promise.all([connected(a), connected(b)]);
    const sent = once(a, 'disconnect');
    await a.emitWithAck('logout', {});
    assert.equal((await sent)[0], 'io server disconnect');
    assert.equal(a.active, false);
    await b.emitWithAck('join', { room: 'general' });
    const stopped = once(b, 'disconnect');
    assert.equal(await server.end('SIGTERM'), 0);
    // An error, if the client was between two polls.
    assert.match((await stopped)[0], /^transport (close|error)$/);
    assert.ok(b.active);
    const back = once(b, 'connect');
    await server.start();
    await back;
    assert.ok(b.recovered);
    b.disconnect();
  });

  test(`a refusal says why: ${mode}`, async () => {
    const alice = name('alice');
    const a = person(server.url, transports, { auth: { guest: alice } });
    await connected(a);
    const second = person(server.url, transports, { auth: { guest: alice } });
    const [error] = await once(second, 'connect_error');
    assert.equal(error.data.name, 'name_taken');
    assert.equal(error.message, error.data.message);
    // The same connection tries again under another name.
    second.auth.guest = error.data.suggest;
    second.connect();
    await connected(second);
    const other = second.io.socket('/admin');
    assert.equal((await once(other, 'connect_error'))[0].message, 'Invalid namespace');
    a.disconnect();
    second.disconnect();
  });

  // As in "Testing Results" of docs/reports.md, report 1: simple-test.js.
  test(`authenticate, join general, send, acknowledged: ${mode}`, async () => {
    const username = name('testuser');
    const socket = person(server.url, transports);
    await connected(socket);
    const authenticated = await socket.emitWithAck('authenticate', { username });
    assert.equal(authenticated.username, username);
    assert.ok(authenticated.userId);
    socket.emit('join_room', { room: 'general' });
    assert.equal((await heard(socket, 'message_history')).room, 'general');
    const confirmation = await socket.emitWithAck('send_message', { room: 'general', content: 'Hello' });
    assert.equal(confirmation.status, 'sent');
    assert.equal((await heard(socket, 'new_message', (message) => message.seq === confirmation.seq)).content, 'Hello');
    socket.disconnect();
  });

  // As in report 2: one event joins, another sends, and errors come as events.
  test(`join and send without acknowledgements, errors as events: ${mode}`, async () => {
    const username = name('visitor');
    const socket = person(server.url, transports, { auth: { username } });
    await connected(socket);
    socket.emit('join', 'general');
    await heard(socket, 'message_history');
    socket.emit('send_message', { roomId: 'general', message: `from ${username}` });
    const message = await heard(socket, 'message', (d) => d.username === username);
    assert.equal(message.message, `from ${username}`);
    socket.emit('send_message', { roomId: 'nowhere', message: 'x' });
    assert.equal((await heard(socket, 'error')).name, 'no_such_room');
    socket.disconnect();
  });
}
