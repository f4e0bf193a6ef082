// A server, a relay before it, and people with clients; clients end with their test, the server with its file.

import { after, afterEach, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createClient, type ClientOptions, type ParlorClient, type Room, type WebSocketConstructor } from '../../src/index.js';
import { Relay } from './relay.js';
import { Server } from './server.js';

export const webSocket = WebSocket as unknown as WebSocketConstructor;
const PATIENCE_MS = 15_000;

export interface World { readonly server: Server; readonly relay: Relay }
const clients = new Set<ParlorClient>();
let names = 0;

/** Sets up the server of a file of tests. */
export function world(settings: Record<string, string> = {}): World {
  const server = new Server(settings);
  const relay = new Relay(() => server.url);
  before(async () => { await server.start(); await relay.start(); });
  afterEach(() => {
    for (const client of clients) client.close();
    clients.clear();
    relay.reset();
  });
  after(async () => {
    relay.close();
    await server.clear();
  });
  return { server, relay };
}

export function unique(name: string): string { return `${name}-${process.pid}-${names++}`; }

/** A client that ends with the test; without `storage` it shares nothing. */
export function clientOf(url: string, options: Partial<ClientOptions> = {}): ParlorClient {
  const client = createClient({ url, webSocket, storage: null, locks: null, wakeUps: () => () => {}, ...options });
  clients.add(client);
  return client;
}

/** A guest who is connected. */
export async function guest(url: string, name: string, options: Partial<ClientOptions> = {}): Promise<ParlorClient> {
  const client = clientOf(url, { identity: { guest: unique(name) }, ...options });
  await online(client);
  return client;
}

export async function online(client: ParlorClient): Promise<void> { await until(() => client.state.connection.status === 'online' && client.state.roomsLoaded, 'the client is online', () => JSON.stringify(client.state.connection)); }

/** Cuts the line of the only client that is connected; it comes back when it is told to, and not by itself. */
export async function away(relay: Relay, client: ParlorClient): Promise<void> {
  let refused = 0;
  relay.answer = ({ op }) => (op === 'hello' && refused++ === 0 ? { code: 503, name: 'draining', message: 'Later.', retryable: true, retry_after_ms: 120_000 } : undefined);
  relay.cut();
  await until(() => refused === 1 && client.state.connection.status === 'offline', 'the client is away');
}

/** Waits for a state itself, looking at it often. */
export async function until(holds: () => boolean, what: string, now: () => string = () => ''): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what} ${now()}`);
    await sleep(5);
  }
}

export function bodies(room: Room): string[] { return room.window.messages.map(({ body }) => body); }
export function waiting(room: Room): string[] { return room.outgoing.map(({ body, state }) => `${state} ${body}`); }
export { sleep };
