// One line alone, over a socket whose other end the test holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParlorError, type WebSocketConstructor, type WebSocketLike } from '../src/index.js';
import { environment } from '../src/environment.js';
import { Line } from '../src/line.js';

/** A socket that a test holds the other end of. */
class FakeSocket implements WebSocketLike {
  static last: FakeSocket;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: { id: number; op: string }[] = [];
  constructor() { FakeSocket.last = this; }
  send(text: string): void { this.sent.push(JSON.parse(text) as { id: number; op: string }); }
  close(): void {}
  say(data: unknown): void { this.onmessage?.({ data: typeof data === 'string' ? data : JSON.stringify(data) }); }
}

function fakeLine(webSocket: unknown = FakeSocket): { line: Line; closed: number[]; pushes: string[] } {
  const [closed, pushes] = [[] as number[], [] as string[]];
  const line = new Line({ ...environment({ url: 'http://x.example', webSocket: webSocket as WebSocketConstructor }) }, { opened: () => {}, push: ({ ev }) => pushes.push(ev), closed: (code) => closed.push(code) });
  return { line, closed, pushes };
}

const named = (name: string) => (error: unknown): boolean => error instanceof ParlorError && error.name === name;

test('a line that says nothing any more is dropped, and what was asked on it is rejected', async () => {
  const { line, closed } = fakeLine();
  const socket = FakeSocket.last;
  await assert.rejects(line.command('ping', {}, 1_000), named('offline'), 'not open yet');
  socket.onopen?.();
  const asked = line.command('ping', {}, 5_000);
  line.silenceMs = 40;
  await assert.rejects(asked, named('disconnected'));
  assert.deepEqual(closed, [1006]);
  socket.onclose?.({ code: 1006 });
  await assert.rejects(line.command('ping', {}, 1_000), named('offline'));
  assert.deepEqual(closed, [1006], 'once');
});

test('a clock that is set back makes nobody deaf', async () => {
  const { line, closed } = fakeLine();
  FakeSocket.last.onopen?.();
  line.silenceMs = 40;
  const real = Date.now;
  Date.now = () => real() - 3_600_000;
  try {
    await new Promise((resolve) => { setTimeout(resolve, 150); });
    assert.deepEqual(closed, [1006]);
  } finally {
    Date.now = real;
  }
});

test('a line that talks is kept, and nonsense on it disturbs nobody', async () => {
  const { line, closed, pushes } = fakeLine();
  const socket = FakeSocket.last;
  socket.onopen?.();
  line.silenceMs = 60;
  const asked = line.command('ping', {}, 5_000);
  for (const nonsense of ['', 'no json', '[]', 'null', '7', '{"id":99,"ok":{}}', '{"id":null,"err":{"code":400,"name":"bad_frame","message":"x"}}']) socket.say(nonsense);
  for (let i = 0; i < 10; i += 1) { await new Promise((resolve) => { setTimeout(resolve, 15); }); socket.say({ ev: 'ping', d: {} }); }
  socket.say({ id: socket.sent[0]?.id, ok: { time: 'now' } });
  assert.deepEqual(await asked, { time: 'now' });
  assert.deepEqual([closed, pushes.length], [[], 10]);
  line.close(1000);
});

test('a line answers late commands, too large ones and too many of them itself', async () => {
  const { line } = fakeLine();
  const socket = FakeSocket.last;
  socket.onopen?.();
  await assert.rejects(line.command('ping', {}, 10), named('no_reply'));
  line.frameBytes = 1_000;
  await assert.rejects(line.command('send', { body: 'ä'.repeat(500) }, 1_000), named('too_large'));
  const asked = Array.from({ length: 250 }, () => line.command('ping', {}, 5_000).then(() => 'ok', (error: ParlorError) => error.name));
  line.close(1000);
  const ends = await Promise.all(asked);
  assert.ok(ends.filter((name) => name === 'overloaded').length >= 50);
  assert.ok(ends.every((name) => name === 'overloaded' || name === 'disconnected'));
});

test('a socket that the browser forbids is a line that closes', async () => {
  const { closed } = fakeLine(class { constructor() { throw new Error('SecurityError'); } });
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  assert.deepEqual(closed, [1006]);
});
