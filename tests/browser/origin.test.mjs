// A page of another origin uses the API and a socket, if the operator allows it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:http';
import { launch } from './browser.mjs';
import { Server } from './server.mjs';

/** Serves an empty page at an origin of its own. */
async function elsewhere() {
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title>'));
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  return { site, origin: `http://127.0.0.1:${site.address().port}` };
}

let allowed, foreign, server, browser;

before(async () => {
  [allowed, foreign] = [await elsewhere(), await elsewhere()];
  server = new Server({ PARLOR_ALLOWED_ORIGINS: allowed.origin });
  await server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server.clear();
  allowed.site.close();
  foreign.site.close();
});

async function pageOf({ origin }) {
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}

test('an allowed page registers, logs in, reads and sends, by HTTP and by a socket', async () => {
  const page = await pageOf(allowed);
  const seen = await page.evaluate(async (server) => {
    const api = async (method, path, token, body) => {
      const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) };
      const answer = await fetch(`${server}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...await answer.json() };
    };
    const account = { name: 'alice', password: 'a long password' };
    const registered = await api('POST', '/register', null, account);
    const { token } = await api('POST', '/login', null, account);
    const joined = await api('POST', '/rooms/general/join', token, {});
    const sent = await api('POST', '/rooms/general/messages', token, { cid: 'c', body: 'from elsewhere' });
    const history = await api('GET', '/rooms/general/history', token);
    const wrong = await api('POST', '/login', null, { ...account, password: 'another password' });
    const lost = await api('GET', '/nothing', token);

    const socket = new WebSocket(`${server.replace('http', 'ws')}/ws`, 'parlor.v1');
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    const frame = () => new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(JSON.parse(data)); });
    const ask = (id, op, d) => { const reply = frame(); socket.send(JSON.stringify({ id, op, d })); return reply; };
    const hello = await ask(1, 'hello', { token });
    const log = await ask(2, 'log', { room: 'general', after: 0 });
    socket.close();
    return { registered, joined, sent, history, wrong, lost, hello, log };
  }, server.url);

  assert.equal(seen.registered.status, 200);
  assert.equal(seen.joined.card.room, 'general');
  assert.equal(seen.history.messages.at(-1).body, 'from elsewhere');
  assert.equal(seen.history.messages.at(-1).seq, seen.sent.seq);
  assert.equal(seen.wrong.status, 401, 'a page reads errors, too');
  assert.match(seen.wrong.err.message, /name or the password is wrong/);
  assert.equal(seen.lost.status, 404);
  assert.equal(seen.hello.ok.user.name, 'alice');
  assert.equal(seen.log.ok.entries.at(-1).body, 'from elsewhere');
});

test('a page that nobody allowed reads nothing and opens no socket', async () => {
  const page = await pageOf(foreign);
  const seen = await page.evaluate(async (server) => {
    const fails = (asked) => asked.then(() => 'answered', (error) => error.name);
    const json = { 'content-type': 'application/json' };
    const register = { method: 'POST', headers: json, body: JSON.stringify({ name: 'mallory', password: 'a long password' }) };
    const simple = { ...register, headers: { 'content-type': 'text/plain' } };
    const socket = new WebSocket(`${server.replace('http', 'ws')}/ws`);
    const opened = new Promise((resolve) => { socket.onopen = () => resolve('open'); socket.onerror = () => resolve('refused'); });
    return {
      register: await fails(fetch(`${server}/api/v1/register`, register)),
      simple: await fails(fetch(`${server}/api/v1/register`, simple)),
      rooms: await fails(fetch(`${server}/api/v1/rooms`)),
      opened: await opened,
    };
  }, server.url);
  assert.deepEqual(seen, { register: 'TypeError', simple: 'TypeError', rooms: 'TypeError', opened: 'refused' });
  const login = await fetch(`${server.url}/api/v1/login`, { method: 'POST', body: JSON.stringify({ name: 'mallory', password: 'a long password' }) });
  assert.equal(login.status, 401, 'nothing was registered');
});
