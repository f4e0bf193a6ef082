// Python's client, which shares no code with npm's.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Server } from '../browser/server.mjs';

const server = new Server();
before(() => server.start());
after(() => server.clear());

for (const transports of ['polling,websocket', 'websocket', 'polling']) {
  test(`python-socketio chats: ${transports}`, { skip: !process.env.PYTHON && 'Python has no environment here' }, async () => {
    const script = new URL('client.py', import.meta.url).pathname;
    const child = spawn(process.env.PYTHON, [script, server.url, transports], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output);
    assert.match(output, /heard: hello from Python/);
  });
}
