// What strangers write is shown as they wrote it: it runs nothing, loads nothing and turns nothing around.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { bodies, box, join, log, say, shown, Stage, stored, until } from './stage.mjs';
import { payloads } from './payloads.mjs';

let stage;
before(async () => { stage = await Stage.open({ PARLOR_LIMITS: 'off' }); });
after(async () => { await stage?.close(); });

/** Says all texts in a room over a socket of its own, much faster than keys. */
async function sayAll(server, name, room, texts) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'parlor.v1');
  const waiting = new Map();
  socket.on('message', (data) => { const frame = JSON.parse(data); waiting.get(frame.id)?.(frame); });
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  let id = 0;
  const ask = (op, d) => new Promise((resolve) => { id += 1; waiting.set(id, resolve); socket.send(JSON.stringify({ id, op, d })); });
  await ask('hello', { guest: name });
  await ask('join', { room });
  const replies = await Promise.all(texts.map((body, at) => ask('send', { room, cid: `${name}-${at}`, body })));
  socket.close();
  return replies;
}

test('a hundred payloads in messages run nothing, and the policy has nothing to report', async () => {
  const reader = await stage.inGeneral('reader');
  assert.ok(payloads.length >= 100, `${payloads.length}`);
  await reader.exposeFunction('pwned', () => reader.errors.push('a payload ran'));
  const replies = await sayAll(stage.server, 'mallory', 'general', [...payloads, 'the end of them']);
  assert.deepEqual(replies.filter((reply) => !reply.ok), []);
  await shown(reader, 'the end of them');
  // Through all of them, so that each has been in the document.
  for (let at = 0; at < 30; at += 1) await log(reader).locator('.log-scroll').evaluate((list) => { list.scrollTop -= list.clientHeight * 0.8; });
  const found = await reader.evaluate(() => ({
    foreign: [...document.querySelectorAll('#messages :is(script, iframe, object, embed, img, svg:not(.icon), video, audio, form, style, link, base, meta)')].map((it) => it.outerHTML),
    schemes: [...document.querySelectorAll('#messages a')].map((it) => it.protocol).filter((it) => !/^(?:https?|mailto):$/u.test(it)),
    handlers: [...document.querySelectorAll('#messages *')].filter((it) => [...it.attributes].some(({ name }) => name.startsWith('on'))).length,
  }));
  assert.deepEqual(found, { foreign: [], schemes: [], handlers: 0 });
  stage.allQuiet();
});

test('a payload in every field that takes a text stays a text', async () => {
  const payload = '<img src=x onerror=pwned()>"\'><script>pwned()</script>';
  const page = await stage.account('olga');
  await page.exposeFunction('pwned', () => page.errors.push('a payload ran'));
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByLabel('Name of a room').fill(payload);
  await page.getByText('No public room is called').waitFor();
  await page.getByRole('button', { name: /^Create “/u }).click();
  await page.getByText('Only who is invited').click();
  await page.getByLabel('Name', { exact: true }).fill('<b>x</b>');
  await page.getByLabel('Topic (optional)').fill(payload);
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name: '<b>x</b>' }).waitFor();
  await page.getByText(payload).first().waitFor();
  await box(page).fill(payload);
  await page.getByRole('button', { name: 'Preview' }).click();
  await box(page).press('Enter');
  await stored(page, 'onerror');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(payload);
  await page.keyboard.press('Escape');
  await page.evaluate((text) => { location.hash = `#/room/${encodeURIComponent(text)}`; }, payload);
  await page.getByText('You are not in this room.').waitFor();
  await page.evaluate((text) => { location.hash = `#/invite/${encodeURIComponent(text)}`; }, payload);
  await page.getByText('This invitation no longer holds').waitFor();
  stage.allQuiet();
});

test('a text that would turn its surroundings around turns nothing', async () => {
  const page = await stage.inGeneral('paul');
  await say(page, 'before \u202Egnirts\u202C and שלום עולם after');
  await shown(page, 'before');
  const author = log(page).locator('article bdi.author').last();
  assert.equal(await author.count(), 1);
  assert.equal(await log(page).locator('article .body').last().getAttribute('dir'), 'auto');
  stage.allQuiet();
});

test('texts that are slow for a careless parser are shown at once', async () => {
  const page = await stage.inGeneral('quinn');
  const texts = ['>'.repeat(3_990), '- '.repeat(1_990), '['.repeat(3_990), '*a_'.repeat(1_300), '`'.repeat(3_990), '![a]('.repeat(700), '<a '.repeat(1_300), '| a '.repeat(900), '1. '.repeat(1_300),
    `${'a@'.repeat(1_500)}b.c`, 'http://'.repeat(550), `${'&'.repeat(3_900)}amp;`, '**a '.repeat(990), '~~a'.repeat(1_300), '\\'.repeat(3_990), '#'.repeat(3_990), '﷽'.repeat(3_990), '👨‍👩‍👧‍👦'.repeat(500)];
  const begun = Date.now();
  await sayAll(stage.server, 'slow', 'general', [...texts, 'after the slow ones']);
  await shown(page, 'after the slow ones');
  for (let at = 0; at < 40; at += 1) await log(page).locator('.log-scroll').evaluate((list) => { list.scrollTop -= list.clientHeight * 0.8; });
  assert.ok(Date.now() - begun < 15_000, `${Date.now() - begun} ms`);
  stage.allQuiet();
});
