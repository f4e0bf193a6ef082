// Tests the page in a real browser, and the server with a stock WebSocket client.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdirSync } from 'node:fs';
import WebSocket from 'ws';
import { launch } from './browser.mjs';
import { Server } from './server.mjs';

const PICTURES = process.env.BROWSER_TEST_PICTURES;
const server = new Server();
let browser;

before(async () => {
  await server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.clear();
});

/** Opens the page in a new browser profile; every error on the page fails the test. */
async function person() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error' && !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(message.text())) page.errors.push(message.text()); });
  await page.goto(server.url);
  return page;
}

async function enter(name) {
  const page = await person();
  await page.fill('#name', name);
  await page.click('button[value=guest]');
  await page.waitForSelector('#status[data-state=online]');
  return page;
}

async function say(page, text) {
  await page.fill('#body', text);
  await page.press('#body', 'Enter');
}

const shown = (page, text) => page.waitForSelector(`#log li:not(.pending) .body:text-is(${JSON.stringify(text)})`);
const bodies = (page) => page.$$eval('#log li .body', (items) => items.map((item) => item.textContent));

async function picture(page, name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

test('two people chat, and a killed server loses nothing and needs no reload', async () => {
  const alice = await enter('alice');
  const bob = await enter('bob');
  await alice.waitForSelector('#people li.online:text-is("bob")');

  await say(alice, 'hello bob');
  await shown(bob, 'hello bob');
  await say(bob, '<b>hello</b> & "alice"');
  await shown(alice, '<b>hello</b> & "alice"');
  await picture(alice, 'chatting');

  await server.end('SIGKILL');
  await alice.waitForSelector('#status[data-state=offline]');
  await say(alice, 'said while the server was away');
  await picture(alice, 'server-away');
  await server.start();

  await shown(bob, 'said while the server was away');
  await shown(alice, 'said while the server was away');
  await say(bob, 'welcome back');
  await shown(alice, 'welcome back');
  const expected = ['hello bob', '<b>hello</b> & "alice"', 'said while the server was away', 'welcome back'];
  assert.deepEqual(await bodies(alice), expected);
  assert.deepEqual(await bodies(bob), expected);
  await picture(bob, 'after-restart');
  assert.deepEqual([alice.errors, bob.errors], [[], []]);
});

test('a reload keeps the name and shows the history', async () => {
  const carol = await enter('carol');
  await say(carol, 'before the reload');
  await shown(carol, 'before the reload');
  await carol.reload();
  await shown(carol, 'before the reload');
  assert.equal(await carol.textContent('#me'), 'carol');
  assert.deepEqual(carol.errors, []);
});

test('a name that is taken gets a suggestion', async () => {
  await enter('dora');
  const other = await person();
  await other.fill('#name', 'Dora');
  await other.click('button[value=guest]');
  await other.waitForFunction(() => document.querySelector('#sign-in-error').textContent.includes('-2'));
});

test('an account signs in from another browser', async () => {
  const first = await person();
  await first.fill('#name', 'erin');
  await first.fill('#password', 'correct horse battery');
  await first.click('button[value=register]');
  await first.waitForSelector('#status[data-state=online]');
  const second = await person();
  await second.fill('#name', 'erin');
  await second.fill('#password', 'wrong horse battery');
  await second.click('button[value=login]');
  await second.waitForSelector('#sign-in-error:text-is("The name or the password is wrong. Please try again.")');
  second.errors.length = 0; // Chromium reports the 401.
  await second.fill('#password', 'correct horse battery');
  await second.click('button[value=login]');
  await second.waitForSelector('#status[data-state=online]');
  assert.equal(await second.textContent('#me'), 'erin');
});

test('a room is created, found and joined by name', async () => {
  const frank = await person();
  await frank.fill('#name', 'frank');
  await frank.fill('#password', 'correct horse battery');
  await frank.click('button[value=register]');
  await frank.waitForSelector('#status[data-state=online]');
  await frank.fill('#find-room', 'gardening');
  await frank.press('#find-room', 'Enter');
  await frank.waitForSelector('#title:text-is("gardening")');
  await say(frank, 'roses');
  const grace = await enter('grace');
  await grace.fill('#find-room', 'gardening');
  await grace.press('#find-room', 'Enter');
  await shown(grace, 'roses');
  assert.deepEqual([frank.errors, grace.errors], [[], []]);
});

test('npm ws, a stock client, says hello, sends and reads its own entry', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'parlor.v1');
  const frames = [];
  const seen = (match) => new Promise((resolve) => {
    const look = () => { const found = frames.find(match); if (found) resolve(found); };
    socket.on('message', look);
    look();
  });
  socket.on('message', (data) => frames.push(JSON.parse(data)));
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  assert.equal(socket.protocol, 'parlor.v1');
  socket.send(JSON.stringify({ id: 1, op: 'hello', d: { guest: 'heidi' } }));
  assert.ok((await seen((f) => f.id === 1)).ok.token);
  socket.send(JSON.stringify({ id: 2, op: 'join', d: { room: 'general' } }));
  const { head } = (await seen((f) => f.id === 2)).ok;
  socket.send(JSON.stringify({ id: 3, op: 'send', d: { room: 'general', cid: 'heidi-1', body: 'from ws' } }));
  const { seq } = (await seen((f) => f.id === 3)).ok;
  const entry = await seen((f) => f.ev === 'entry' && f.d.cid === 'heidi-1');
  assert.deepEqual([entry.d.seq, seq], [head + 1, head + 1]);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(1000);
  assert.equal(await closed, 1000);
});

test('the page allows nothing from other hosts', async () => {
  const answer = await fetch(server.url);
  const policy = answer.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
});

test('a stop by signal ends with exit code 0', async () => {
  assert.equal(await server.end('SIGTERM'), 0);
});
