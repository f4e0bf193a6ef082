// The first lines that anyone copies work.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { world } from './support/world.js';

const { server } = world();

test('ten lines of the README are a chat', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const code = /```js\n([^]*?)```/.exec(readme)?.[1] ?? '';
  assert.ok(code.trim().split('\n').length <= 10);
  const file = new URL('../readme.mjs', import.meta.url);
  writeFileSync(file, `import { WebSocket } from 'ws';\nglobalThis.WebSocket ??= WebSocket;\n${code.replace('@parlor/client', './src/index.js').replace('https://chat.example', server.url)}`);
  const child = spawn(process.execPath, [file.pathname], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (status) => reject(new Error(`it ended with ${status}`)));
    });
    assert.equal(line, 'alice Hello, everyone!');
  } finally {
    child.kill();
  }
});
