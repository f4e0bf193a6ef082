// The unread counts are the server's, whatever was cut, replayed, paged, deleted or read elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParlorClient, Room } from '../src/index.js';
import { bodies, clientOf, guest, online, unique, until, world } from './support/world.js';

const { server, relay } = world({ PARLOR_REPLAY_MAX: '300' });

/** What a client that asks the server now would show. */
async function truth(client: ParlorClient): Promise<Record<string, number[]>> {
  const { rooms } = await client.call('rooms', {});
  return Object.fromEntries(rooms.map(({ card, unread, mentions, read }) => [card.room, [unread, mentions, read]]));
}

function shown(client: ParlorClient): Record<string, number[]> {
  return Object.fromEntries(client.state.rooms.map(({ key, unread, mentions, read }) => [key, [unread, mentions, read]]));
}

async function agree(client: ParlorClient): Promise<void> {
  let [theirs, mine] = ['', ''];
  for (let i = 0; i < 100; i += 1) {
    [theirs, mine] = [JSON.stringify(await truth(client)), JSON.stringify(shown(client))];
    const sorted = (text: string): string => JSON.stringify(Object.entries(JSON.parse(text) as object).sort());
    if (sorted(theirs) === sorted(mine)) return;
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }
  assert.equal(mine, theirs);
}

/** Sends without waiting for each answer: pipelined commands of a room keep their order. */
async function say(room: Room, client: ParlorClient, texts: readonly string[]): Promise<number[]> {
  const seqs: number[] = [];
  for (let i = 0; i < texts.length; i += 100) {
    seqs.push(...await Promise.all(texts.slice(i, i + 100).map(async (body) => (await client.call('send', { room: room.key, cid: unique('cid'), body })).seq)));
  }
  return seqs;
}

async function account(url: string): Promise<ParlorClient> {
  const client = clientOf(url);
  await client.register({ name: unique('owner'), password: 'correct horse battery' });
  await online(client);
  return client;
}

const numbered = (n: number): string[] => Array.from({ length: n }, (_, i) => `message ${i}`);

test('after a cut of seven rooms of two hundred messages each, each badge says two hundred', async () => {
  const [bob, alice] = [await account(server.url), await guest(relay.url, 'alice')];
  const rooms = await Promise.all(Array.from({ length: 7 }, () => bob.createRoom({ name: unique('room'), kind: 'public' })));
  for (const { key } of rooms) await alice.join(key);
  const [opened] = rooms;
  await alice.room(opened?.key ?? '').open();
  let most = 0;
  alice.on('change', ({ rooms: all }) => { most = Math.max(most, ...all.map(({ unread }) => unread)); });
  relay.refusing = true;
  relay.cut();
  for (const room of rooms) await say(room, bob, numbered(200));
  relay.refusing = false;
  alice.reconnect();
  await until(() => alice.state.rooms.every(({ unread }) => unread === 200), 'all badges are right', () => JSON.stringify(shown(alice)));
  await agree(alice);
  assert.equal(most, 200);
  assert.equal(alice.state.totals.unread, 1_400);

  // And so it is when there was too much to replay.
  relay.refusing = true;
  relay.cut();
  for (const room of rooms.slice(0, 2)) await say(room, bob, numbered(350));
  relay.refusing = false;
  alice.reconnect();
  await until(() => alice.state.rooms.filter(({ unread }) => unread === 550).length === 2, 'two badges grew', () => JSON.stringify(shown(alice)));
  await agree(alice);
  assert.equal(most, 550);
});

test('a message that is deleted elsewhere takes its badge and its mention along', async () => {
  const [bob, alice] = [await account(server.url), await guest(relay.url, 'alice')];
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  await alice.join(room.key);
  const me = alice.state.user?.name ?? '';
  const [first, second] = await say(room, bob, [`hello @${me}`, 'again', 'and again']);
  const badge = (): string => { const { unread, mentions } = alice.room(room.key).summary ?? {}; return `${unread} ${mentions}`; };
  await until(() => badge() === '3 1', 'all three are counted', badge);
  await room.delete(second ?? 0);
  await until(() => badge() === '2 1', 'one of those that came live is gone', badge);

  // Those that were counted by the server alone are no different.
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'the line is lost');
  alice.reconnect();
  await online(alice);
  await alice.refresh();
  await room.delete(first ?? 0);
  await until(() => badge() === '1 0', 'the mention is gone', badge);
  await agree(alice);
});

test('what is read in one tab is read in the other, and a part of it leaves the rest', async () => {
  const bob = await account(server.url);
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  const first = clientOf(relay.url);
  await first.register({ name: unique('alice'), password: 'correct horse battery' });
  await first.join(room.key);
  const second = clientOf(server.url);
  await second.login({ name: first.state.user?.name ?? '', password: 'correct horse battery' });
  const seqs = await say(room, bob, numbered(10));
  const unread = (client: ParlorClient): number => client.room(room.key).summary?.unread ?? -1;
  await until(() => unread(first) === 10 && unread(second) === 10, 'both count ten');
  first.room(room.key).markRead(seqs[3]);
  await until(() => unread(first) === 6 && unread(second) === 6, 'both count the rest', () => `${unread(first)} ${unread(second)}`);
  second.room(room.key).markRead();
  assert.equal(unread(second), 0, 'at once');
  await until(() => unread(first) === 0, 'both are done');
  first.room(room.key).markRead(seqs[0]);
  assert.equal(unread(first), 0, 'never back');
  await say(room, bob, ['one more']);
  await until(() => unread(first) === 1 && unread(second) === 1, 'a new one counts');
  await agree(first);
});

test('a mark that is made without a line is kept for the next one', async () => {
  const [bob, alice] = [await account(server.url), await guest(relay.url, 'alice')];
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  const mine = await alice.join(room.key);
  await say(room, bob, numbered(3));
  await until(() => mine.summary?.unread === 3, 'three are unread');
  relay.refusing = true;
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'the line is lost');
  mine.markRead();
  assert.equal(mine.summary?.unread, 0);
  relay.refusing = false;
  alice.reconnect();
  await online(alice);
  await until(() => mine.summary?.unread === 0 && relay.sent('read').length > 0, 'the server is told');
  await agree(alice);
});

test('one\'s own messages are not unread, on no device', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  room.send('my own');
  await until(() => bodies(room).at(-1) === 'my own', 'it is stored');
  assert.equal(room.summary?.unread, 0);
  assert.equal(room.summary?.lastMessage?.preview, 'my own');
});
