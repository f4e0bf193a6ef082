// What was typed belongs to its room and its author, is stored once, and in the order it was typed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParlorError } from '../src/index.js';
import { SharedLocks, SharedStorage } from './support/browser.js';
import { away, bodies, clientOf, guest, online, unique, until, waiting, world } from './support/world.js';

const { server, relay } = world();
const offline = async (client: { state: { connection: { status: string } } }): Promise<void> => {
  relay.refusing = true;
  relay.cut();
  await until(() => client.state.connection.status === 'offline', 'the client is offline');
};

test('sixty submits in one tick are stored in the order they were typed', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  const typed = Array.from({ length: 60 }, (_, i) => `message ${i}`);
  for (const body of typed) room.send(body);
  assert.equal(room.outgoing.length, 60);
  await until(() => room.outgoing.length === 0, 'all are stored', () => waiting(room).join());
  assert.deepEqual(bodies(room).slice(-60), typed);
});

test('a send that the server has no time for holds back what was typed after it', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  relay.overload('send', 2);
  room.send('typed first');
  room.send('typed second');
  await until(() => waiting(room)[0] === 'waiting typed first' && room.outgoing[0]?.error?.name === 'overloaded', 'the page can say why it waits');
  await until(() => room.outgoing.length === 0, 'both are stored', () => waiting(room).join());
  assert.deepEqual(bodies(room).slice(-2), ['typed first', 'typed second']);
});

test('a message whose answer was lost is repeated under its cid and stored once', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  let lost = 0;
  relay.passes = (frame) => !('ok' in frame && 'cid' in (frame['ok'] as object)) && !(frame['ev'] === 'entry' && (frame['d'] as { body?: string }).body === 'once' && lost++ === 0) && !(frame['ok'] && 'seq' in (frame['ok'] as object));
  room.send('once');
  room.send('after it');
  await until(() => lost > 0, 'the server has stored it');
  relay.passes = () => true;
  relay.cut();
  await until(() => room.outgoing.length === 0, 'both are stored', () => waiting(room).join());
  assert.deepEqual(bodies(room).filter((body) => body === 'once' || body === 'after it'), ['once', 'after it']);
});

test('a server killed and restarted in the middle of a burst has it all, once and in order', async () => {
  const alice = await guest(relay.url, 'alice');
  const bob = await guest(relay.url, 'bob');
  const [room, seen] = [await alice.join('general'), await bob.join('general')];
  await Promise.all([room.open(), seen.open()]);
  const typed = Array.from({ length: 40 }, (_, i) => `burst ${i}`);
  for (const body of typed) room.send(body);
  await until(() => bodies(seen).includes('burst 5'), 'some are stored');
  await server.end('SIGKILL');
  room.send('typed while it was down');
  await server.start();
  alice.reconnect();
  bob.reconnect();
  const all = [...typed, 'typed while it was down'];
  await until(() => room.outgoing.length === 0 && bodies(seen).at(-1) === all.at(-1), 'all are stored', () => waiting(room).join());
  assert.deepEqual(bodies(seen).slice(-all.length), all);
  assert.deepEqual(bodies(room).slice(-all.length), all);
});

test('a refused message keeps its room, its author and its place until it is tried again or dropped', async () => {
  const alice = await guest(relay.url, 'alice');
  const [room, other] = [await alice.join('general'), await alice.openDirect((await guest(relay.url, 'bob')).state.user?.id ?? '')];
  await room.open();
  relay.answer = ({ op, d }) => (op === 'send' && String(d['body']).startsWith('bad') ? { code: 403, name: 'muted', message: 'You are muted here.' } : undefined);
  const refusals: string[] = [];
  alice.on('refused', ({ room: where, message }) => refusals.push(`${where.key} ${message.body} ${message.error?.name}`));
  const [first, second] = [room.send('bad one'), room.send('bad two')];
  room.send('good one');
  await until(() => bodies(room).at(-1) === 'good one' && refusals.length === 2, 'the good one is stored');
  assert.deepEqual(waiting(room), ['refused bad one', 'refused bad two']);
  assert.deepEqual(other.outgoing, []);
  assert.deepEqual(refusals, ['general bad one muted', 'general bad two muted']);
  assert.deepEqual([room.summary?.unsent, alice.state.totals.refused], [2, 2]);
  relay.reset();
  assert.equal(room.outgoing.find(({ cid }) => cid === second.cid)?.discard(), true);
  room.outgoing.find(({ cid }) => cid === first.cid)?.retry();
  await until(() => bodies(room).at(-1) === 'bad one', 'it is stored after all');
  assert.deepEqual(waiting(room), []);
});

test('what the real server refuses stays, with the reason', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  room.send('   ');
  room.send('x'.repeat(5_000));
  room.send('y'.repeat(70_000));
  await until(() => room.outgoing.every(({ state }) => state === 'refused'), 'all are refused', () => waiting(room).join());
  assert.deepEqual(room.outgoing.map(({ error }) => error?.name), ['bad_text', 'bad_text', 'too_large']);
  assert.equal(alice.state.connection.status, 'online');
});

test('unsent and refused messages survive a reload and are sent once, under the same cid', async () => {
  const [storage, locks] = [new SharedStorage(), new SharedLocks()];
  const before = locks.tab();
  const alice = await guest(relay.url, 'alice', { storage, locks: before });
  const room = await alice.join('general');
  relay.answer = ({ op, d }) => (op === 'send' && d['body'] === 'no' ? { code: 403, name: 'forbidden', message: 'No.' } : undefined);
  room.send('no');
  await until(() => waiting(room).join() === 'refused no', 'one is refused');
  await offline(alice);
  const cids = ['one', 'two', 'three'].map((body) => room.send(body).cid);
  alice.close();
  before.crash();
  relay.refusing = false;
  relay.commands.length = 0;

  const reloaded = clientOf(relay.url, { storage, locks: locks.tab() });
  await online(reloaded);
  const again = reloaded.room('general');
  await again.open();
  await until(() => bodies(again).at(-1) === 'three', 'they are sent', () => waiting(again).join());
  assert.deepEqual(bodies(again).slice(-3), ['one', 'two', 'three']);
  assert.deepEqual(relay.sent('send').map(({ cid }) => cid), cids);
  assert.deepEqual(again.outgoing.map(({ body, state, error }) => [body, state, error?.message]), [['no', 'refused', 'No.']]);
  again.outgoing[0]?.discard();
  assert.deepEqual(storage.keys(':out:'), []);
});

test('two tabs never both send what the storage keeps, and a dead tab leaves it to the other', async () => {
  const [storage, locks] = [new SharedStorage(), new SharedLocks()];
  const [firstLocks, secondLocks] = [locks.tab(), locks.tab()];
  const first = await guest(relay.url, 'alice', { storage, locks: firstLocks });
  const room = await first.join('general');
  await away(relay, first);
  room.send('of the first tab');
  relay.commands.length = 0;
  const second = clientOf(relay.url, { storage, locks: secondLocks });
  await online(second);
  const other = second.room('general');
  await other.open();
  other.send('of the second tab');
  await until(() => bodies(other).includes('of the second tab'), 'the second tab sends its own');
  assert.deepEqual([other.outgoing.length, bodies(other).includes('of the first tab')], [0, false]);
  first.reconnect();
  await until(() => room.outgoing.length === 0 && bodies(other).includes('of the first tab'), 'the first tab sends its own');
  assert.equal(relay.sent('send').filter(({ body }) => body === 'of the first tab').length, 1);

  await offline(first);
  room.send('left behind');
  first.close();
  firstLocks.crash();
  relay.refusing = false;
  second.reconnect();
  await until(() => bodies(other).at(-1) === 'left behind', 'the second tab takes it over');
});

test('without locks, leases say who lives', async () => {
  const storage = new SharedStorage();
  const alice = await guest(relay.url, 'alice', { storage });
  const room = await alice.join('general');
  await away(relay, alice);
  room.send('leased');
  const second = clientOf(relay.url, { storage });
  await online(second);
  const other = second.room('general');
  await other.open();
  other.send('a later one');
  await until(() => bodies(other).at(-1) === 'a later one', 'the second tab sends its own');
  assert.ok(!bodies(other).includes('leased'));
  alice.close();
  const third = clientOf(relay.url, { storage });
  await until(() => bodies(other).at(-1) === 'leased', 'a later tab sends it');
  third.close();
});

test('unsent words and drafts of one identity stand under no other', async () => {
  const [storage, locks] = [new SharedStorage(), new SharedLocks().tab()];
  const name = unique('erin');
  const client = clientOf(relay.url, { storage, locks });
  await client.register({ name, password: 'correct horse battery' });
  const room = await client.join('general');
  room.setDraft({ body: 'half a thought', replyTo: 1 });
  await away(relay, client);
  room.send('words of erin');
  await client.signIn({ guest: unique('frank') });
  await client.join('general');
  await room.open();
  assert.deepEqual([room.outgoing.length, room.draft.body, client.state.totals.waiting], [0, '', 0]);
  room.setDraft({ body: 'of frank' });
  room.send('words of frank');
  await until(() => bodies(room).at(-1) === 'words of frank', 'frank speaks for himself');
  assert.ok(!bodies(room).includes('words of erin'));

  await client.login({ name, password: 'correct horse battery' });
  assert.deepEqual(room.draft, { body: 'half a thought', replyTo: 1 });
  await room.open();
  await until(() => bodies(room).at(-1) === 'words of erin', 'erin is back');
  assert.equal(room.window.messages.at(-1)?.author.name, name);
  const erin = client.state.user?.id ?? '';
  await client.logout();
  assert.deepEqual(storage.keys(erin).map((key) => key.split(':').at(-3)), ['draft'], 'what erin could read is not kept, what erin wrote is');
});

test('what one identity asked for is not done in the name of the next one', async () => {
  const client = await guest(relay.url, 'alice');
  const room = await client.join('general');
  await room.open();
  room.send('mine');
  await until(() => bodies(room).at(-1) === 'mine', 'it is stored');
  await away(relay, client);
  const edit = room.edit(room.window.messages.at(-1)?.seq ?? 0, 'changed');
  edit.catch(() => {});
  relay.commands.length = 0;
  await client.signIn({ guest: unique('bob') });
  await assert.rejects(edit, (error) => error instanceof ParlorError && error.retryable);
  assert.deepEqual(relay.sent('edit'), []);
});

test('a draft belongs to its room, and is cleared by being sent', async () => {
  const storage = new SharedStorage();
  const alice = await guest(relay.url, 'alice', { storage });
  const [a, b] = [await alice.join('general'), alice.room('elsewhere')];
  a.setDraft({ body: 'for general' });
  b.setDraft({ body: 'for elsewhere' });
  a.send('something else');
  assert.deepEqual([a.draft.body, b.draft.body], ['for general', 'for elsewhere']);
  a.send('for general');
  assert.deepEqual([a.draft.body, b.draft.body], ['', 'for elsewhere']);
  alice.close();
  const reloaded = clientOf(relay.url, { storage });
  assert.deepEqual([reloaded.room('general').draft.body, reloaded.room('elsewhere').draft.body], ['', 'for elsewhere']);
});

test('a full storage loses nothing that is still on the page, and says that a reload would', async () => {
  const storage = new SharedStorage();
  const alice = await guest(relay.url, 'alice', { storage });
  const room = await alice.join('general');
  await room.open();
  storage.full = true;
  assert.equal(room.send('not kept').persisted, false);
  await until(() => bodies(room).at(-1) === 'not kept', 'it is sent all the same');
});

test('the outbox has a bound, and what does not fit is said at once', async () => {
  const alice = await guest(relay.url, 'alice', { outboxMessages: 3 });
  const room = await alice.join('general');
  await offline(alice);
  for (const body of ['1', '2', '3']) room.send(body);
  assert.throws(() => room.send('4'), (error) => error instanceof ParlorError && error.name === 'outbox_full');
  assert.throws(() => clientOf(relay.url).room('general').send('nobody'), (error) => error instanceof ParlorError && error.name === 'signed_out');
});
