// Rooms come and go, and the people in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParlorError, type ClientEvents, type ParlorClient } from '../src/index.js';
import { bodies, clientOf, guest, online, unique, until, waiting, world } from './support/world.js';

const { server, relay } = world();

async function account(name = 'owner', url = relay.url): Promise<ParlorClient> {
  const client = clientOf(url);
  await client.register({ name: unique(name), password: 'correct horse battery' });
  await online(client);
  return client;
}

const keys = (client: ParlorClient): string[] => client.state.rooms.map(({ key }) => key);

test('an invitation is shown, accepted or declined, and survives a reconnect', async () => {
  const [bob, alice] = [await account('bob'), await account('alice')];
  const [first, second] = [await bob.createRoom({ name: 'garden', kind: 'private', topic: 'plants' }), await bob.createRoom({ name: 'cellar', kind: 'private' })];
  const me = alice.state.user?.id ?? '';
  await Promise.all([first.invite(me, 'come and see'), second.invite(me)]);
  await until(() => alice.state.invitations.length === 2, 'both are shown');
  assert.deepEqual(alice.state.invitations.map(({ card, by }) => [card.title, by.name]).sort(), [['cellar', bob.state.user?.name], ['garden', bob.state.user?.name]]);
  await alice.leave(second.key);
  const room = await alice.join(first.key);
  assert.deepEqual([alice.state.invitations.length, room.summary?.title, room.summary?.card.topic], [0, 'garden', 'plants']);

  const third = await bob.createRoom({ name: 'attic', kind: 'private' });
  alice.close();
  await third.invite(me);
  const again = clientOf(relay.url);
  await again.login({ name: alice.state.user?.name ?? '', password: 'correct horse battery' });
  await until(() => again.state.invitations.length === 1 && keys(again).length === 1, 'it waits after a new sign-in');
});

test('a room that one is thrown out of goes, and what was not sent there stays', async () => {
  const [bob, alice] = [await account('bob'), await account('alice')];
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  const mine = await alice.join(room.key);
  await mine.open();
  const gone: ClientEvents['gone'][] = [];
  alice.on('gone', (detail) => gone.push(detail));
  relay.answer = ({ op }) => (op === 'send' ? { code: 429, name: 'rate_limited', message: 'Later.', retryable: true, retry_after_ms: 400 } : undefined);
  mine.send('my last words');
  await until(() => waiting(mine).join() === 'waiting my last words', 'it waits');
  await room.kick(alice.state.user?.id ?? '', 'only a test');
  await until(() => gone.length === 1, 'it is told');
  assert.deepEqual([gone[0]?.why, gone[0]?.by?.name, gone[0]?.reason, gone[0]?.title], ['kicked', bob.state.user?.name, 'only a test', room.key]);
  relay.reset();
  await until(() => waiting(mine).join() === 'refused my last words', 'the server refuses it', () => waiting(mine).join());
  assert.deepEqual([mine.summary?.membership, mine.window.loaded, mine.outgoing[0]?.error?.name], ['gone', false, 'not_member']);
  mine.outgoing[0]?.discard();
  assert.deepEqual([keys(alice), mine.summary], [[], undefined]);
  await alice.join(room.key);
  assert.equal(mine.summary?.membership, 'member');
});

test('a room that was left on another device while this one was away is gone here too', async () => {
  const name = unique('alice');
  const one = clientOf(relay.url);
  await one.register({ name, password: 'correct horse battery' });
  await one.join('general');
  const two = clientOf(server.url);
  await two.login({ name, password: 'correct horse battery' });
  relay.refusing = true;
  relay.cut();
  await until(() => one.state.connection.status === 'offline', 'one device is away');
  await two.leave('general');
  const room = await two.createRoom({ name: unique('room'), kind: 'public', topic: 'new' });
  relay.refusing = false;
  one.reconnect();
  await until(() => keys(one).join() === room.key, 'both lists are the same', () => keys(one).join());
  await two.room(room.key).update({ topic: 'newer' });
  await until(() => one.room(room.key).summary?.card.topic === 'newer', 'the topic follows');
});

test('direct rooms are found by a person, named by them, and answered by a word', async () => {
  const [bob, alice] = [await account('bob'), await account('alice')];
  const room = await alice.openDirect(`@${bob.state.user?.name}`);
  room.send('hello bob');
  await until(() => bob.state.rooms[0]?.unread === 1, 'bob sees it');
  const [theirs] = bob.state.rooms;
  assert.deepEqual([theirs?.title, theirs?.answered, theirs?.lastMessage?.preview], [`@${alice.state.user?.name}`, false, 'hello bob']);
  bob.room(theirs?.key ?? '').send('hello alice');
  await until(() => bob.state.rooms[0]?.answered === true, 'it is answered');
  assert.equal((await alice.openDirect(bob.state.user?.id ?? '')).key, room.key);
});

test('members come and go, are online or not, get roles, and type', async () => {
  const [bob, alice] = [await account('bob'), await account('alice')];
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  await room.loadMembers();
  const mine = await alice.join(room.key);
  const line = (): string => room.members.list.map(({ user, role, online: on }) => `${user.name.split('-')[0]} ${role} ${on}`).sort().join();
  await until(() => line() === 'alice member true,bob owner true', 'alice is there', line);
  await room.setRole(alice.state.user?.id ?? '', 'moderator');
  await until(() => line() === 'alice moderator true,bob owner true' && mine.summary?.card.role === 'moderator', 'alice is a moderator', line);
  mine.setTyping(true);
  mine.setTyping(true);
  await until(() => room.typing.length === 1, 'alice types');
  assert.equal(relay.sent('typing').length, 1);
  mine.send('done');
  await until(() => room.typing.length === 0, 'and has sent it');
  alice.close();
  await until(() => line() === 'alice moderator false,bob owner true' && room.members.online === 1, 'alice is away', line);
});

test('notifications are for what is new and from others', async () => {
  const [bob, alice] = [await account('bob', server.url), await guest(relay.url, 'alice')];
  const room = await bob.createRoom({ name: unique('room'), kind: 'public' });
  const mine = await alice.join(room.key);
  const heard: string[] = [];
  alice.on('message', ({ message }) => heard.push(message.body));
  room.send('one');
  await until(() => heard.length === 1, 'it is heard');
  mine.send('my own');
  await until(() => mine.outgoing.length === 0, 'it is sent');
  relay.refusing = true;
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'alice is away');
  room.send('said while alice was away');
  await until(() => room.outgoing.length === 0, 'it is stored');
  relay.refusing = false;
  alice.reconnect();
  await until(() => mine.summary?.unread === 2, 'alice has it');
  room.send('two');
  await until(() => heard.length === 2, 'it is heard');
  assert.deepEqual(heard, ['one', 'two']);
});

test('public rooms are listed in pages, unknown ones are an error with a name', async () => {
  const [bob, alice] = [await account('bob'), await guest(relay.url, 'alice')];
  const room = await bob.createRoom({ name: unique('listed'), kind: 'public' });
  const { rooms } = await alice.publicRooms();
  assert.ok(rooms.some(({ card }) => card.room === room.key));
  await assert.rejects(alice.join('no-such-room'), (error) => error instanceof ParlorError && error.name === 'no_such_room' && error.code === 404);
  await assert.rejects(alice.createRoom({ name: 'x', kind: 'public' }), (error) => error instanceof ParlorError && error.name === 'not_allowed_for_guests');
  await assert.rejects(alice.call('x.none.such', {}), (error) => error instanceof ParlorError && error.name === 'unknown_op');
});

test('many rooms send at once without an end of the line', async () => {
  const bob = await account('bob');
  const rooms = await Promise.all(Array.from({ length: 20 }, () => bob.createRoom({ name: unique('room'), kind: 'public' })));
  for (const room of rooms) for (const body of ['a', 'b', 'c']) room.send(body);
  await until(() => rooms.every(({ outgoing }) => outgoing.length === 0), 'all are sent');
  await rooms[7]?.open();
  assert.deepEqual(bodies(rooms[7] as (typeof rooms)[0]), ['a', 'b', 'c']);
});
