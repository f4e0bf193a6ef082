// How the page is delivered: small, cached under names that hold, openable without a network, under a strict policy.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { Stage, box, kept, said, say, shown, stored } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

/** Asks without undoing what the server did to the bytes, as `fetch` would. */
function raw(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(stage.server.url + path, { headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts) }));
    });
    asked.once('error', reject).end();
  });
}

test('the first view is at most 150 KiB, compressed as the browser asks', async () => {
  const page = await raw('/', { 'accept-encoding': 'gzip, br' });
  const names = [...page.bytes.toString().matchAll(/(?:src|href)="(\/assets\/[^"]+)"/gu)].map(([, name]) => name);
  assert.ok(names.length >= 2, `${names}`);
  let total = page.bytes.length;
  for (const name of names) {
    const file = await raw(name, { 'accept-encoding': 'gzip, br' });
    assert.equal(file.headers['content-encoding'], 'br');
    assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal((await raw(name, { 'accept-encoding': 'gzip' })).headers['content-encoding'], 'gzip');
    assert.equal((await raw(name)).headers['content-encoding'], undefined);
    total += file.bytes.length;
  }
  assert.ok(total < 150 * 1024, `${total} bytes`);
  assert.equal(page.headers['cache-control'], 'no-cache');
});

test('the page allows nothing from other hosts', async () => {
  const policy = (await raw('/')).headers['content-security-policy'];
  assert.match(policy, /default-src 'none'/u);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/u);
});

test('it can be installed, and opens without a network with what was there', async () => {
  const page = await stage.inGeneral('anna');
  const manifest = JSON.parse((await raw('/manifest.webmanifest')).bytes);
  assert.equal(manifest.display, 'standalone');
  for (const icon of manifest.icons) assert.equal((await raw(icon.src)).status, 200, icon.src);
  await kept(page, 'general');
  await page.context().setOffline(true);
  await page.reload();
  await page.getByRole('link', { name: /general/u }).waitFor();
  await say(page, 'written in the dark');
  await shown(page, 'written in the dark');
  await page.context().setOffline(false);
  await stored(page, 'written in the dark');
  stage.allQuiet();
});

test('in German it speaks German, and remembers it', async () => {
  const page = await stage.visitor({ locale: 'de-DE' });
  await page.getByLabel('Dein Name').fill('bernd');
  await page.getByRole('button', { name: 'Als Gast chatten' }).click();
  await page.getByRole('button', { name: /Einstellungen/u }).click();
  await page.getByLabel('English').check();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.reload();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  stage.allQuiet();
});

test('npm ws, a stock client, says hello, sends, and people see it', async () => {
  const reader = await stage.inGeneral('heidi');
  const socket = new WebSocket(`${stage.server.url.replace('http', 'ws')}/ws`, 'parlor.v1');
  const seen = new Map();
  socket.on('message', (data) => { const frame = JSON.parse(data); seen.get(frame.id)?.(frame); });
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  assert.equal(socket.protocol, 'parlor.v1');
  const ask = (id, op, d) => new Promise((resolve) => { seen.set(id, resolve); socket.send(JSON.stringify({ id, op, d })); });
  assert.ok((await ask(1, 'hello', { guest: 'stock' })).ok.token);
  await ask(2, 'join', { room: 'general' });
  assert.ok((await ask(3, 'send', { room: 'general', cid: 'stock-1', body: 'from ws, for @heidi' })).ok.seq);
  await said(reader, 'from ws').locator('.mention.me').waitFor();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  assert.equal(await closed, 1000);
  assert.equal(await box(reader).inputValue(), '');
});
