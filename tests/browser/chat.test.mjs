// People chat: what one says the other sees, whatever happens to the server, the network and the tabs meanwhile.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bodies, box, create, join, kept, log, said, say, shown, Stage, stored, until } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

test('two people chat, and a killed server loses nothing and needs no reload', async () => {
  const alice = await stage.inGeneral('alice');
  const bob = await stage.inGeneral('bob');
  await alice.getByRole('complementary', { name: 'People' }).getByText('bob').waitFor();
  await say(alice, 'hello bob');
  await shown(bob, 'hello bob');
  await say(bob, '<b>hello</b> & "alice"');
  await shown(alice, '<b>hello</b> & "alice"');

  await kept(alice, 'general');
  await stage.server.end('SIGKILL');
  await say(alice, 'said while the server was away');
  await say(alice, 'and a second one');
  assert.equal(await said(alice, 'said while').getAttribute('data-state'), 'waiting');
  await alice.getByText('2 messages will be sent').waitFor();
  await alice.reload();
  await shown(alice, 'and a second one');
  await box(alice).fill('typed while it was away');
  await stage.server.start();

  await shown(bob, 'and a second one');
  await stored(alice, 'and a second one');
  await say(bob, 'welcome back');
  await shown(alice, 'welcome back');
  const expected = ['hello bob', '<b>hello</b> & "alice"', 'said while the server was away', 'and a second one', 'welcome back'];
  assert.deepEqual(await bodies(alice), expected);
  assert.deepEqual(await bodies(bob), expected);
  assert.equal(await box(alice).inputValue(), 'typed while it was away');
  stage.allQuiet();
});

test('what is typed fast is stored in the order it was typed', async () => {
  const carol = await stage.inGeneral('carol');
  const dave = await stage.inGeneral('dave');
  const texts = Array.from({ length: 12 }, (_, at) => `fast ${at + 1}`);
  for (const text of texts) await say(carol, text === 'fast 3' ? 'fast 3 :smile:' : text);
  await shown(dave, 'fast 12');
  const seen = (await bodies(dave)).filter((text) => text.startsWith('fast'));
  assert.deepEqual(seen, texts.map((text) => (text === 'fast 3' ? 'fast 3 😄' : text)));
  stage.allQuiet();
});

test('offline, the page says what waits, and sends it once the network is back', async () => {
  const erin = await stage.inGeneral('erin');
  const frank = await stage.inGeneral('frank');
  await erin.context().setOffline(true);
  await say(erin, 'from the tunnel');
  await frank.context().setOffline(true);
  await frank.context().setOffline(false);
  await erin.context().setOffline(false);
  await shown(frank, 'from the tunnel');
  assert.equal(await said(frank, 'from the tunnel').count(), 1);
  stage.allQuiet();
});

test('a draft and a reply stay in their room and survive a reload', async () => {
  const gina = await stage.account('gina');
  await join(gina, 'general');
  await say(gina, 'to be answered');
  await stored(gina, 'to be answered');
  await said(gina, 'to be answered').hover();
  await said(gina, 'to be answered').getByRole('button', { name: 'Reply' }).click();
  await box(gina).fill('half a thought');
  await create(gina, 'attic');
  assert.equal(await box(gina).inputValue(), '');
  await gina.getByRole('link', { name: /general/u }).getByText('Draft').waitFor();
  await gina.reload();
  await gina.getByRole('link', { name: /general/u }).click();
  await until(async () => (await box(gina).inputValue()) === 'half a thought', 'the draft is back');
  await gina.getByText('Replying to').waitFor();
  await box(gina).press('Enter');
  await stored(gina, 'half a thought');
  await said(gina, 'half a thought').getByRole('button', { name: /to be answered/u }).waitFor();
  stage.allQuiet();
});

test('a text that the server refuses stays in its room, and is sent by one press when it may be', async () => {
  const owner = await stage.account('henry');
  const muted = await stage.inGeneral('ivan');
  await create(owner, 'library');
  await box(owner).waitFor();
  await join(muted, 'library');
  await owner.getByRole('button', { name: /^ivan/u }).click();
  await owner.getByRole('menuitem', { name: 'Mute…' }).click();
  await owner.getByLabel(/Reason/u).fill('a little quiet');
  await owner.getByRole('button', { name: 'Mute', exact: true }).click();
  await log(muted).getByText('a little quiet').waitFor();
  await say(muted, 'shouted');
  await said(muted, 'shouted').getByRole('alert').waitFor();
  await muted.getByRole('link', { name: /general/u }).click();
  assert.equal(await said(muted, 'shouted').count(), 0);
  await muted.getByRole('link', { name: /library/u }).click();
  await owner.getByRole('button', { name: /^ivan/u }).click();
  await owner.getByRole('menuitem', { name: 'Let write again' }).click();
  await log(muted).getByText('lets').waitFor();
  await said(muted, 'shouted').getByRole('button', { name: 'Try again' }).click();
  await shown(owner, 'shouted');
  stage.allQuiet();
});

test('a second tab of one person works beside the first', async () => {
  const judy = await stage.inGeneral('judy');
  await say(judy, 'in the first tab');
  const [second] = await Promise.all([judy.context().waitForEvent('page'), judy.evaluate(() => { window.open(location.href); })]);
  await stage.watch(second);
  await shown(second, 'in the first tab');
  await say(second, 'in the second tab');
  await shown(judy, 'in the second tab');
  await say(judy, 'still in the first');
  await shown(second, 'still in the first');
  assert.equal(await judy.getByText('opened in another window').count(), 0);
  stage.allQuiet();
});

test('a stop by signal ends with exit code 0', async () => {
  assert.equal(await stage.server.end('SIGTERM'), 0);
});
