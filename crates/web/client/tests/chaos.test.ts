// Everything at once: cuts, lost answers, refusals and a kill, while people write, edit and reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParlorClient, Room } from '../src/index.js';
import { SharedLocks, SharedStorage } from './support/browser.js';
import { bodies, clientOf, guest, online, sleep, unique, until, world } from './support/world.js';

const { server, relay } = world();
const ROUNDS = 24;

/** A person whose page is reloaded now and then. */
class Person {
  readonly #storage = new SharedStorage();
  readonly #locks = new SharedLocks();
  #tab = this.#locks.tab();
  readonly name: string;
  client: ParlorClient;

  constructor(name: string) {
    this.name = name;
    this.client = this.#open({ identity: { guest: unique(name) } });
  }

  #open(options: object): ParlorClient { return clientOf(relay.url, { storage: this.#storage, locks: this.#tab, ...options }); }

  /** The tab ends as in a crash: whatever it was about to do is not done. */
  reload(): void {
    this.client.close();
    this.#tab.crash();
    this.#tab = this.#locks.tab();
    this.client = this.#open({});
  }

  get unsent(): number { return this.#storage.keys(':out:').length; }
}

test('in all that, every message is stored once, in the order its author typed it, and everyone sees the same', async () => {
  const keys = ['general', unique('chaos')];
  const owner = clientOf(server.url);
  await owner.register({ name: unique('owner'), password: 'correct horse battery' });
  await owner.createRoom({ name: keys[1] ?? '', kind: 'public' });
  owner.close();
  const people = ['alice', 'bob', 'carol'].map((name) => new Person(name));
  const reader = await guest(relay.url, 'reader');
  for (const client of [...people.map((person) => person.client), reader]) {
    await online(client);
    for (const key of keys) await (await client.join(key)).open();
  }
  const typed = new Map(keys.map((key) => [key, new Map(people.map(({ name }) => [name, [] as string[]]))]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, client } of people) for (const key of keys) {
      const body = `${name} ${round}`;
      typed.get(key)?.get(name)?.push(body);
      client.room(key).send(body);
    }
    switch (round % 8) {
      case 1: relay.cut(); break;
      case 2: relay.overload('send', 4); break;
      case 3: { let lost = 0; relay.passes = (frame) => !('ok' in frame && 'at' in (frame['ok'] as object) && lost++ < 5); break; }
      case 4: { let lost = 0; relay.cut(); relay.passes = (frame) => !(frame['ev'] === 'entry' && lost++ < 7); break; }
      case 5: people[round % 3]?.reload(); break;
      case 6: relay.late = () => (round % 2 ? 15 : 0); break;
      case 7: relay.reset(); break;
      default: if (round === 8) { await server.end('SIGKILL'); await server.start(); }
    }
    for (const { client } of people) client.reconnect();
    await sleep(60);
  }
  relay.reset();
  // Those whose answers were lost would wait for them; a cut settles it.
  relay.cut();
  await until(() => [...people.map(({ client }) => client), reader].every(({ state }) => state.connection.status === 'offline' || state.connection.status === 'online'), 'the cut is noticed');
  await until(() => {
    for (const client of [...people.map((person) => person.client), reader]) if (client.state.connection.status === 'offline') client.reconnect();
    return people.every(({ unsent }) => unsent === 0);
  }, 'everything is sent', () => people.map(({ name, unsent, client }) => `${name} ${unsent} ${client.state.connection.status}`).join());

  const total = ROUNDS * people.length;
  for (const key of keys) {
    const fresh = await guest(server.url, 'fresh');
    const room = await fresh.join(key);
    await room.open();
    while (room.window.older) await room.loadOlder();
    for (const { name } of people) assert.deepEqual(bodies(room).filter((body) => body.startsWith(name)), typed.get(key)?.get(name), `${name} in ${key}`);
    assert.equal(bodies(room).length, total);
    const seen: Room = reader.room(key);
    await until(() => bodies(seen).length === total && bodies(seen).at(-1) === bodies(room).at(-1), 'the reader has it all', () => String(bodies(seen).length));
    assert.deepEqual(bodies(seen), bodies(room));
    assert.equal(reader.room(key).summary?.unread, total);
  }
});
