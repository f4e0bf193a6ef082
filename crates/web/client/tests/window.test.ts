// The window of a room: in order, without a gap, and as the server has it, whatever comes between.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParlorClient, Room } from '../src/index.js';
import { SharedStorage } from './support/browser.js';
import { bodies, clientOf, guest, online, unique, until, world } from './support/world.js';

const { server, relay } = world({ PARLOR_REPLAY_MAX: '60' });

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `message ${from + i}`);
const ends = ({ window }: Room): unknown[] => [window.messages.length, window.messages[0]?.body, window.messages.at(-1)?.body, window.older, window.newer];

async function account(url = server.url): Promise<ParlorClient> {
  const client = clientOf(url);
  await client.register({ name: unique('owner'), password: 'correct horse battery' });
  await online(client);
  return client;
}

async function say(client: ParlorClient, room: Room, texts: readonly string[]): Promise<number[]> {
  return Promise.all(texts.map(async (body) => (await client.call('send', { room: room.key, cid: unique('cid'), body })).seq));
}

/** A public room of bob's with so many messages, and alice in it behind the relay. */
async function filled(count: number, options = {}): Promise<{ bob: ParlorClient; alice: ParlorClient; room: Room; mine: Room; seqs: number[] }> {
  const bob = await account();
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  const seqs: number[] = [];
  for (let i = 0; i < count; i += 100) seqs.push(...await say(bob, room, numbered(i, Math.min(count, i + 100))));
  const alice = await guest(relay.url, 'alice', options);
  return { bob, alice, room, mine: await alice.join(room.key), seqs };
}

/** Asserts that a window is the same as that of a client which comes anew. */
async function sameAsAnew(room: Room): Promise<void> {
  const fresh = await guest(server.url, 'fresh');
  const anew = await fresh.join(room.key);
  await anew.open();
  const strip = (of: Room): unknown => of.window.messages.slice(-50).map(({ mine, mentionsMe, reactions, ...rest }) => ({ ...rest, reactions: reactions.map(({ emoji, count }) => `${emoji} ${count}`).sort() }));
  assert.deepEqual(strip(room), strip(anew));
}

test('a window grows at both ends, stays within its bound, and is always without a gap', async () => {
  const { mine, room, bob, seqs } = await filled(260, { windowMessages: 120 });
  await mine.open();
  assert.deepEqual(ends(mine), [50, 'message 210', 'message 259', true, false]);
  await mine.loadOlder();
  assert.deepEqual(ends(mine), [120, 'message 110', 'message 229', true, true]);
  await Promise.all([mine.loadOlder(), mine.loadOlder()]);
  await mine.loadOlder();
  assert.deepEqual(ends(mine), [120, 'message 0', 'message 119', false, true]);
  await say(bob, room, ['a new one']);
  await until(() => mine.summary?.lastMessage?.preview === 'a new one', 'it is in the list');
  assert.deepEqual(ends(mine), [120, 'message 0', 'message 119', false, true], 'and no hole is made for it');
  while (mine.window.newer) await mine.loadNewer();
  assert.deepEqual(ends(mine), [120, 'message 141', 'a new one', true, false]);
  assert.deepEqual(bodies(mine), [...numbered(141, 260), 'a new one']);

  await mine.open(seqs[100]);
  assert.deepEqual(ends(mine), [50, 'message 75', 'message 124', true, true]);
  assert.equal((await mine.find(seqs[3] ?? 0))?.body, 'message 3');
  assert.equal(await mine.find(1), null, 'an entry that is no message');
});

test('edits, deletions and reactions from everywhere are applied, once', async () => {
  const { alice, bob, room, mine, seqs } = await filled(20);
  const [a, b, c, d] = seqs as [number, number, number, number];
  await mine.open();
  await Promise.all([room.edit(a, 'edited'), room.delete(b), room.react(c, '👍', true), mine.react(c, '👍', true), mine.react(d, '🎉', true)]);
  await mine.react(d, '🎉', false);
  await room.react(c, '👍', false);
  const of = (seq: number): Room['window']['messages'][number] | undefined => mine.window.messages.find((message) => message.seq === seq);
  await until(() => of(c)?.reactions[0]?.count === 1 && of(a)?.editedAt !== undefined && of(b)?.deleted === true && of(d)?.reactions.length === 0, 'all is applied', () => JSON.stringify(mine.window.messages.slice(0, 4)));
  assert.deepEqual(of(c)?.reactions, [{ emoji: '👍', count: 1, mine: true }]);
  assert.deepEqual([of(a)?.body, of(b)?.body], ['edited', '']);
  const reply = mine.send(`@${bob.state.user?.name} an answer`, { replyTo: a });
  await until(() => mine.window.messages.at(-1)?.cid === reply.cid, 'the answer is there');
  assert.equal(mine.window.messages.at(-1)?.replyTo, a);
  await until(() => room.summary?.mentions === 1, 'bob is mentioned');
  await sameAsAnew(mine);
  assert.equal(alice.state.connection.status, 'online');
});

test('what changes while a page is under way is in the window when it comes', async () => {
  const { bob, room, mine, seqs } = await filled(20);
  relay.late = (frame) => ('ok' in frame && 'messages' in (frame['ok'] as object) ? 400 : 0);
  const opening = mine.open();
  await until(() => relay.sent('history').length > 0, 'the page is asked for');
  await Promise.all([room.edit(seqs[5] ?? 0, 'edited meanwhile'), room.delete(seqs[6] ?? 0), room.react(seqs[7] ?? 0, '👍', true)]);
  await say(bob, room, ['said meanwhile']);
  await opening;
  assert.deepEqual(bodies(mine).slice(5, 7), ['edited meanwhile', '']);
  assert.equal(mine.window.messages[7]?.reactions[0]?.count, 1);
  assert.equal(bodies(mine).at(-1), 'said meanwhile');
  await sameAsAnew(mine);
});

test('entries that were lost on the way are read from the log, in order', async () => {
  const { bob, room, mine } = await filled(5);
  await mine.open();
  let dropped = 0;
  relay.passes = (frame) => !(frame['ev'] === 'entry' && dropped < 30 && ++dropped > 0);
  await say(bob, room, numbered(5, 35));
  await until(() => dropped === 30, 'they are lost');
  await say(bob, room, ['the next one']);
  await until(() => bodies(mine).at(-1) === 'the next one', 'all are there');
  assert.deepEqual(bodies(mine), [...numbered(0, 35), 'the next one']);
});

test('after a cut the window goes on without a gap, whether the server replays or not', async () => {
  const { alice, bob, room, mine } = await filled(5);
  await mine.open();
  for (const [from, to] of [[5, 25], [25, 125]] as const) {
    relay.refusing = true;
    relay.cut();
    await until(() => alice.state.connection.status === 'offline', 'the line is lost');
    await say(bob, room, numbered(from, to));
    relay.refusing = false;
    alice.reconnect();
    await until(() => bodies(mine).at(-1) === `message ${to - 1}`, 'the newest is there', () => JSON.stringify(ends(mine)));
    const last = bodies(mine);
    assert.deepEqual(last, numbered(to - last.length, to), 'without a gap');
  }
  await sameAsAnew(mine);
});

test('a window that is wanted before there is a line is filled when there is one', async () => {
  const { alice, mine } = await filled(5);
  relay.refusing = true;
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'the line is lost');
  const opening = mine.open();
  assert.deepEqual([mine.window.loading, mine.window.loaded], ['page', false]);
  relay.refusing = false;
  alice.reconnect();
  await opening;
  assert.equal(bodies(mine).length, 5);
});

test('one event comes for a room and a tick, and what did not change stays the same object', async () => {
  const { bob, room, mine, alice } = await filled(5);
  const other = await alice.join('general');
  await Promise.all([mine.open(), other.open()]);
  await until(() => other.window.loading === 'no', 'both are there');
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  const before = [other.window, other.summary, mine.members];
  let events = 0;
  mine.subscribe(() => { events += 1; });
  for (let i = 0; i < 30; i += 1) mine.setDraft({ body: 'x'.repeat(i) });
  await until(() => events > 0, 'it is told');
  assert.equal(events, 1);
  await say(bob, room, numbered(5, 10));
  await until(() => bodies(mine).length === 10, 'they are there');
  assert.deepEqual([other.window === before[0], other.summary === before[1], mine.members === before[2]], [true, true, true]);
  const { rooms } = alice.state;
  await alice.refresh();
  assert.equal(alice.state.rooms, rooms, 'the list was read again, and says the same');
  const { members } = mine;
  room.setTyping(true);
  await until(() => mine.typing.length === 1, 'bob types');
  assert.equal(mine.members, members);
});

test('only so many windows are kept, the one opened longest ago is emptied', async () => {
  const alice = await account(relay.url);
  const rooms = await Promise.all([1, 2, 3].map(() => alice.createRoom({ name: unique('room'), kind: 'public' })));
  const small = clientOf(relay.url, { windows: 2, identity: { guest: unique('small') } });
  await online(small);
  const mine = [];
  for (const { key } of rooms) { const room = await small.join(key); await room.open(); mine.push(room); }
  assert.deepEqual(mine.map(({ window }) => window.loaded), [false, true, true]);
});

test('without a network, what was here last is shown, and read anew with the next line', async () => {
  const storage = new SharedStorage();
  const { mine, room, bob, alice } = await filled(60, { storage });
  await mine.open();
  await say(bob, room, ['the last one']);
  await until(() => JSON.stringify(storage.keys(':page:').map((key) => storage.getItem(key))).includes('the last one'), 'it is kept');
  alice.close();
  relay.refusing = true;

  const again = clientOf(relay.url, { storage });
  const shown = again.room(room.key);
  shown.open().catch(() => {});
  await until(() => shown.window.loaded, 'something is shown');
  assert.deepEqual([again.state.connection.status, ...ends(shown)], ['offline', 50, 'message 11', 'the last one', false, false]);
  assert.ok(shown.window.stale);

  await say(bob, room, numbered(100, 103));
  relay.refusing = false;
  again.reconnect();
  await until(() => shown.window.loaded && !shown.window.stale, 'the server has answered');
  assert.equal(bodies(shown).at(-1), 'message 102');
  await sameAsAnew(shown);
  await again.logout();
  assert.deepEqual(storage.keys(':page:'), [], 'whoever comes next reads nothing of it');
});

test('what is kept for a time without a network is bounded, and ends with the membership', async () => {
  const storage = new SharedStorage();
  const bob = await account();
  const alice = await guest(relay.url, 'alice', { storage });
  const rooms: Room[] = [];
  for (let i = 0; i < 10; i += 1) {
    const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
    await say(bob, room, Array.from({ length: 4 }, (_, n) => `${n} ${'x'.repeat(3_990)}`));
    const mine = await alice.join(room.key);
    await mine.open();
    rooms.push(mine);
  }
  const kept = (): string[] => storage.keys(':page:');
  await until(() => kept().length === 8 && kept().some((key) => key.endsWith(rooms[9]!.key)), 'the last eight are kept');
  for (const key of kept()) assert.ok((storage.getItem(key)?.length ?? 0) < 40_000, key);
  await alice.leave(rooms[9]!.key);
  assert.ok(!kept().some((key) => key.endsWith(rooms[9]!.key)));
});
