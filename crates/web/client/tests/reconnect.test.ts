// The line: it is noticed when it dies, comes back when it should, and stays away when it must.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { ParlorError, type ClientOptions, type WakeUps } from '../src/index.js';
import { SharedStorage } from './support/browser.js';
import { away, bodies, clientOf, guest, online, sleep, unique, until, world } from './support/world.js';

const SECRET = 'a secret for tests, of thirty-two bytes or more';
const { server, relay } = world({ PARLOR_JWT_SECRET: SECRET });

/** Wake-ups that a test sets off itself. */
function alarm(): { wakeUps: WakeUps; wake: (why: 'online' | 'visible' | 'resume' | 'timer') => void } {
  let wake: Parameters<WakeUps>[0] = () => {};
  return { wakeUps: (given) => { wake = given; return () => {}; }, wake: (why) => wake(why) };
}

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}

test('a line that has gone silent is found by a wake-up, and another one is there within seconds', async () => {
  const { wakeUps, wake } = alarm();
  const alice = await guest(relay.url, 'alice', { wakeUps });
  const room = await alice.join('general');
  await room.open();
  relay.silent = true;
  room.send('into the silence');
  await sleep(50);
  assert.equal(alice.state.connection.status, 'online', 'nothing says so yet');
  const woken = Date.now();
  wake('visible');
  await until(() => alice.state.connection.status !== 'online', 'the silence is noticed');
  relay.silent = false;
  wake('online');
  await until(() => bodies(room).at(-1) === 'into the silence', 'it is back, and the message is stored');
  assert.ok(Date.now() - woken < 6_000, `it took ${Date.now() - woken} ms`);
});

test('a wake-up on a living line does nothing but ask', async () => {
  const { wakeUps, wake } = alarm();
  const alice = await guest(relay.url, 'alice', { wakeUps });
  const before = relay.connections;
  for (let i = 0; i < 20; i += 1) wake('visible');
  await until(() => relay.sent('ping').length > 0, 'it asks');
  await sleep(100);
  assert.deepEqual([relay.sent('ping').length, relay.connections - before, alice.state.connection.status], [1, 0, 'online']);
});

test('while the server is away, the state says when the next attempt is, and a user need not wait for it', async () => {
  const { wakeUps, wake } = alarm();
  const alice = await guest(relay.url, 'alice', { wakeUps });
  relay.refusing = true;
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'it is offline');
  const { connection } = alice.state;
  assert.ok(connection.status === 'offline' && connection.retryAt <= Date.now() + 2_000 && connection.retryInMs <= 2_000);
  await assert.rejects(alice.call('ping', {}), (error) => error instanceof ParlorError && error.name === 'offline' && error.retryable);
  relay.refusing = false;
  const before = relay.connections;
  for (let i = 0; i < 50; i += 1) wake('online');
  await online(alice);
  assert.ok(relay.connections - before <= 2, `${relay.connections - before} attempts`);
});

test('a server that says when to come back is believed', async () => {
  const alice = await guest(relay.url, 'alice');
  let refused = 0;
  relay.answer = ({ op }) => (op === 'hello' && refused++ === 0 ? { code: 503, name: 'draining', message: 'Soon.', retryable: true, retry_after_ms: 700 } : undefined);
  relay.cut();
  await until(() => alice.state.connection.status === 'offline', 'it is offline');
  alice.reconnect();
  await until(() => refused === 1 && alice.state.connection.status === 'offline', 'it is told to wait');
  const { connection } = alice.state;
  assert.ok(connection.status === 'offline' && connection.retryInMs === 700 && connection.error?.name === 'draining');
  await online(alice);
});

test('a network that returns is used at once, whatever the server said before', async () => {
  const { wakeUps, wake } = alarm();
  const alice = await guest(relay.url, 'alice', { wakeUps });
  await away(relay, alice);
  wake('visible');
  await sleep(30);
  assert.equal(alice.state.connection.status, 'offline', 'a glance is no reason');
  wake('online');
  await online(alice);
});

test('a restart is announced, messages wait, and it goes on by itself', async () => {
  const alice = await guest(relay.url, 'alice');
  const room = await alice.join('general');
  await room.open();
  const delays: number[] = [];
  let told: number | undefined;
  relay.passes = ({ ev, d }) => { if (ev === 'bye') told = (d as { reconnect_after_ms: number }).reconnect_after_ms; return true; };
  alice.on('change', ({ connection }) => { if (connection.status === 'offline' || connection.status === 'draining') delays.push(connection.retryInMs); });
  await server.end('SIGTERM');
  room.send('typed during the restart');
  await server.start();
  await until(() => bodies(room).at(-1) === 'typed during the restart', 'it is stored');
  assert.ok(told !== undefined);
  assert.equal(delays[0], told, 'the server\'s own delay');
  assert.equal(alice.state.connection.status, 'online');
});

test('two tabs of one session live side by side', async () => {
  const storage = new SharedStorage();
  const first = await guest(relay.url, 'alice', { storage });
  const second = clientOf(relay.url, { storage });
  await online(second);
  const [a, b] = [await first.join('general'), second.room('general')];
  await Promise.all([a.open(), b.open()]);
  b.send('from the second tab');
  await until(() => bodies(a).at(-1) === 'from the second tab', 'the first tab sees it');
  assert.deepEqual([first.state.connection.status, second.state.connection.status], ['online', 'online']);
});

test('one tab too many says so, and takes the session from no other', async () => {
  const storage = new SharedStorage();
  const first = await guest(relay.url, 'alice', { storage });
  await first.join('general');
  for (let i = 1; i < 8; i += 1) await online(clientOf(relay.url, { storage }));
  const ninth = clientOf(relay.url, { storage });
  await until(() => ninth.state.connection.status === 'stopped', 'it stops', () => JSON.stringify(ninth.state.connection));
  const { connection } = ninth.state;
  assert.ok(connection.status === 'stopped' && connection.why === 'too-many' && connection.error?.name === 'limit_reached');
  assert.deepEqual([ninth.state.user, storage.keys(':session').length], [first.state.user, 1]);
  first.close();
  ninth.reconnect();
  await online(ninth);
});

test('a server that fails at a hello is asked again, and nobody is signed out for it', async () => {
  const alice = await guest(relay.url, 'alice');
  let failed = 0;
  relay.answer = ({ op }) => (op === 'hello' && failed++ === 0 ? { code: 500, name: 'internal', message: 'Something failed.', retryable: false } : undefined);
  relay.cut();
  await until(() => failed > 0 && alice.state.connection.status === 'offline', 'it fails');
  alice.reconnect();
  await online(alice);
});

test('a client whose place another one took does not fight for it', async () => {
  const storage = new SharedStorage();
  const bob = await guest(relay.url, 'bob', { storage });
  const stored = JSON.parse(storage.getItem(storage.keys(':session')[0] ?? '') ?? '{}') as { token: string };
  const tab = relay.sent('hello').at(-1)?.['tab'];
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'parlor.v1');
  socket.on('open', () => socket.send(JSON.stringify({ id: 1, op: 'hello', d: { token: stored.token, tab } })));
  await until(() => bob.state.connection.status === 'stopped', 'it stops');
  assert.deepEqual(bob.state.connection, { status: 'stopped', why: 'taken-over', code: 4503 });
  const before = relay.connections;
  await sleep(100);
  assert.equal(relay.connections, before);
  socket.terminate();
  bob.reconnect();
  await online(bob);
});

test('a session that ended elsewhere is over here, and a stale tab does not end a newer one', async () => {
  const storage = new SharedStorage();
  const name = unique('carol');
  const stale = clientOf(relay.url, { storage });
  await stale.register({ name, password: 'correct horse battery' });
  const other = clientOf(relay.url);
  await other.login({ name, password: 'correct horse battery' });
  assert.equal((await other.sessions()).length, 2);
  relay.refusing = true;
  relay.cut();
  await until(() => stale.state.connection.status === 'offline' && other.state.connection.status === 'offline', 'both are offline');
  relay.refusing = false;
  other.reconnect();
  await online(other);
  await other.revokeSession('others');

  // Meanwhile someone signs in in another tab of the stale one's browser.
  const newer = clientOf(relay.url, { storage, identity: { guest: 'never used' } });
  await newer.signIn({ guest: unique('dave') });
  const kept = storage.getItem(storage.keys(':session')[0] ?? '');
  stale.reconnect();
  await until(() => stale.state.connection.status === 'signed-out', 'the stale tab is out', () => JSON.stringify(stale.state.connection));
  const { connection } = stale.state;
  assert.ok(connection.status === 'signed-out' && connection.error?.name === 'bad_credentials');
  assert.equal(stale.state.user, null);
  assert.equal(storage.getItem(storage.keys(':session')[0] ?? ''), kept);
  assert.throws(() => stale.room('general').send('nobody says this'));
});

test('a stale tab goes on with the session that its user began in another one', async () => {
  const storage = new SharedStorage();
  const name = unique('carol');
  const stale = clientOf(relay.url, { storage });
  await stale.register({ name, password: 'correct horse battery' });
  const other = clientOf(server.url);
  await other.login({ name, password: 'correct horse battery' });
  await away(relay, stale);
  await other.revokeSession('others');
  const second = clientOf(relay.url, { storage });
  await second.login({ name, password: 'correct horse battery' });
  stale.reconnect();
  await online(stale);
  assert.equal(stale.state.user?.name, name);
  assert.equal(stale.state.session, second.state.session);
});

test('a living session that is revoked ends at once, and its token is forgotten', async () => {
  const storage = new SharedStorage();
  const name = unique('gina');
  const one = clientOf(relay.url, { storage });
  await one.register({ name, password: 'correct horse battery' });
  const two = clientOf(relay.url);
  await two.login({ name, password: 'correct horse battery' });
  await two.revokeSession('others');
  await until(() => one.state.connection.status === 'signed-out', 'it is out');
  assert.deepEqual(storage.keys('parlor:').filter((key) => !key.includes(':lease:')), [], 'and nothing that could be read there is left');
  await two.logout();
  assert.deepEqual(two.state.connection, { status: 'signed-out' });
});

test('a sign-in that fails says why and leaves whoever is here', async () => {
  const alice = await guest(relay.url, 'alice');
  const name = alice.state.user?.name ?? '';
  await assert.rejects(alice.login({ name: 'nobody-at-all', password: 'wrong horse battery' }), (error) => error instanceof ParlorError && error.name === 'bad_credentials');
  await assert.rejects(alice.signIn({ guest: name.toUpperCase() }), (error) => error instanceof ParlorError && error.name === 'name_taken' && error.suggest === `${name}-2`);
  await assert.rejects(clientOf('http://127.0.0.1:9').register({ name: 'x', password: 'correct horse battery' }), (error) => error instanceof ParlorError && error.name === 'unreachable');
  assert.deepEqual([alice.state.user?.name, alice.state.connection.status], [name, 'online']);
  const taken = clientOf(relay.url, { identity: { guest: name } });
  await until(() => taken.state.connection.status === 'signed-out' && 'error' in taken.state.connection, 'it is refused');
});

test('a guest comes back as the same guest after a reload', async () => {
  const storage = new SharedStorage();
  const alice = await guest(relay.url, 'alice', { storage });
  await alice.join('general');
  const { user } = alice.state;
  alice.close();
  const reloaded = clientOf(relay.url, { storage });
  assert.deepEqual([reloaded.state.user, reloaded.state.rooms.map(({ key }) => key)], [user, []], 'known before the server answers');
  await online(reloaded);
  assert.deepEqual(reloaded.state.user, user);
  reloaded.close();
  const again = clientOf('http://127.0.0.1:9', { storage: null });
  assert.equal(again.state.connection.status, 'signed-out');
  const offline = clientOf(relay.url, { storage });
  assert.deepEqual(offline.state.rooms.map(({ key }) => key), ['general'], 'the last known list, without the network');
});

test('a signed identity is renewed before it expires, on the same line', async () => {
  let asked = 0;
  const sub = unique('erin');
  const fresh = (): string => jwt({ sub, name: sub, exp: Math.floor(Date.now() / 1000) + (asked++ === 0 ? -57 : 3_600) });
  const erin = clientOf(relay.url, { identity: { jwt: fresh } });
  await online(erin);
  await until(() => asked === 2, 'it asks for another one');
  await sleep(200);
  const { length } = relay.sent('hello');
  assert.equal(length, 2);
  assert.equal(erin.state.connection.status, 'online');
});

test('a signed identity is who it says, whoever was here before, and goes on with its own session', async () => {
  const [storage, exp] = [new SharedStorage(), Math.floor(Date.now() / 1000) + 3_600];
  const [one, two] = [unique('one'), unique('two')];
  const as = (sub: string): Partial<ClientOptions> => ({ storage, identity: { jwt: () => Promise.resolve(jwt({ sub, name: sub, exp })) } });
  const first = clientOf(relay.url, as(one));
  await online(first);
  const { session } = first.state;
  first.close();
  const again = clientOf(relay.url, as(one));
  await online(again);
  assert.equal(again.state.session, session);
  again.close();
  const second = clientOf(relay.url, as(two));
  assert.deepEqual([second.state.user], [null]);
  await online(second);
  assert.equal(second.state.user?.name, two);
});

test('a closed client is silent', async () => {
  const alice = await guest(relay.url, 'alice');
  alice.close();
  assert.deepEqual(alice.state.connection, { status: 'stopped', why: 'closed' });
  const before = relay.connections;
  alice.reconnect();
  await sleep(50);
  assert.equal(relay.connections, before);
  await assert.rejects(alice.call('ping', {}), (error) => error instanceof ParlorError && error.name === 'closed');
});
