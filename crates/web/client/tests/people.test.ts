// Links, preferences, profiles, and guests who stay.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParlorError, type ParlorClient } from '../src/index.js';
import { SharedStorage } from './support/browser.js';
import { bodies, clientOf, guest, online, unique, until, world } from './support/world.js';

const { relay } = world();

async function account(name: string, storage = new SharedStorage()): Promise<ParlorClient> {
  const client = clientOf(relay.url, { storage });
  await client.register({ name: unique(name), password: 'correct horse battery' });
  await online(client);
  return client;
}

test('a link lets a stranger into a private room, until it is revoked', async () => {
  const bob = await account('bob');
  const room = await bob.createRoom({ name: 'garden', kind: 'private' });
  const { link, code } = await room.createLink({ uses: 5 });
  const stranger = clientOf(relay.url);
  assert.deepEqual(await stranger.linkInfo(code), { room: room.key, title: 'garden', members: 1 });
  await stranger.signIn({ guest: unique('stranger') });
  const mine = await stranger.join(room.key, code);
  assert.equal(mine.summary?.title, 'garden');
  assert.equal((await room.links())[0]?.used, 1);
  await room.revokeLink(link.link);
  assert.deepEqual(await room.links(), []);
  await assert.rejects(stranger.linkInfo(code), (error) => error instanceof ParlorError && error.name === 'no_such_link');
});

test('preferences hold in every tab, and the list has the last message', async () => {
  const storage = new SharedStorage();
  const one = await account('alice', storage);
  const room = await one.join('general');
  const two = clientOf(relay.url, { storage });
  await online(two);
  await room.setPrefs({ quietUntil: Number.MAX_SAFE_INTEGER, favourite: true });
  const shown = (client: ParlorClient): unknown[] => [client.room('general').summary?.quietUntil, client.room('general').summary?.favourite];
  await until(() => shown(two)[1] === true, 'the other tab has it');
  assert.deepEqual([shown(one), shown(two)], [[Number.MAX_SAFE_INTEGER, true], [Number.MAX_SAFE_INTEGER, true]]);
  room.send('the last word');
  await until(() => room.outgoing.length === 0, 'it is sent');
  const three = clientOf(relay.url, { storage });
  await online(three);
  assert.deepEqual([three.room('general').summary?.lastMessage?.preview, ...shown(three)], ['the last word', Number.MAX_SAFE_INTEGER, true]);
});

test('a profile is known to those who ask, and followed', async () => {
  const [bob, alice] = [await account('bob'), await account('alice')];
  await bob.setProfile({ display: 'Bob the Builder', colour: '#336699' });
  const id = bob.state.user?.id ?? '';
  await until(() => alice.profile(id)?.display === 'Bob the Builder', 'alice knows');
  await Promise.all([bob.join('general'), alice.join('general')]);
  await bob.setProfile({ display: 'Robert' });
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
  const { picture } = await bob.setPicture(png);
  assert.deepEqual(Buffer.from(await (await fetch(bob.pictureUrl(picture ?? ''))).arrayBuffer()), png);
  await until(() => alice.profile(id)?.display === 'Robert', 'alice follows');
});

test('a guest becomes an account and keeps everything', async () => {
  const client = await guest(relay.url, 'alice');
  const room = await client.join('general');
  await room.open();
  room.setDraft({ body: 'half a thought' });
  room.send('said as a guest');
  await until(() => room.outgoing.length === 0, 'it is sent');
  const { user } = client.state;
  await client.upgrade({ password: 'correct horse battery' });
  await until(() => client.state.user?.guest === false, 'it is an account');
  assert.equal(client.state.user?.id, user?.id);
  room.send('said as an account');
  await until(() => bodies(room).at(-1) === 'said as an account', 'it goes on');
  assert.deepEqual([room.draft.body, room.window.messages.at(-2)?.mine], ['half a thought', true]);
  const elsewhere = clientOf(relay.url);
  await elsewhere.login({ name: user?.name ?? '', password: 'correct horse battery' });
  assert.equal(elsewhere.state.user?.id, user?.id);
});
