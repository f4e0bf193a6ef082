// How people are shown: the name and the picture that they chose, everywhere, and what tells someone who looks away.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { box, join, kept, log, openSettings, said, say, shown, Stage, stored, until } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

/** A photograph that is far too large for a profile, made in the page. */
const photograph = (page) => page.evaluate(async () => {
  const canvas = new OffscreenCanvas(1200, 800);
  const paint = canvas.getContext('2d');
  for (let at = 0; at < 3000; at += 1) { paint.fillStyle = `hsl(${at % 360} 80% ${30 + (at % 50)}%)`; paint.fillRect((at * 97) % 1200, (at * 61) % 800, 60, 40); }
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
}).then((text) => ({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(text, 'base64') }));

test('a profile is shown at every message, in the list of people, and to those who were here before', async () => {
  const alice = await stage.account('alice');
  await join(alice, 'general');
  const bob = await stage.inGeneral('bob');
  await say(alice, 'before the change');
  await shown(bob, 'before the change');

  await openSettings(alice);
  await alice.getByLabel('How you are called').fill('Alice Liddell');
  await alice.getByLabel('A colour of your own').check();
  await alice.getByLabel('Colour', { exact: true }).fill('#ffee00');
  await alice.getByRole('button', { name: 'Save profile' }).click();
  const message = said(bob, 'before the change');
  await message.getByText('Alice Liddell').waitFor();
  await message.getByText('alice', { exact: true }).waitFor();
  const people = bob.getByRole('complementary', { name: 'People' });
  await people.getByText('Alice Liddell').waitFor();
  const [ground, ink] = await message.locator('.avatar').evaluate((it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]);
  assert.deepEqual([ground, ink], ['rgb(255, 238, 0)', 'rgb(0, 0, 0)'], 'the colour, and letters that can be read on it');

  await alice.locator('[data-chooser=picture]').setInputFiles(await photograph(alice));
  await alice.getByRole('button', { name: 'Remove the picture' }).waitFor();
  await message.locator('.avatar img').waitFor();
  await until(() => message.locator('.avatar img').evaluate((it) => it.complete && it.naturalWidth > 0 && it.naturalWidth <= 512), 'the picture is loaded');
  await alice.locator('[data-chooser=picture]').setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') });
  await alice.getByText('This is no picture that the browser can read.').waitFor();
  await alice.getByRole('button', { name: 'Remove the picture' }).click();
  await message.locator('.avatar img').waitFor({ state: 'detached' });

  await bob.reload();
  await said(bob, 'before the change').getByText('Alice Liddell').waitFor();
  await box(bob).fill('hello @lidd');
  await bob.getByRole('option', { name: /@alice/u }).waitFor();
  await box(bob).press('Enter');
  assert.equal(await box(bob).inputValue(), 'hello @alice ', 'who is called by the one name is found by the other');
  stage.allQuiet();
});

test('a note that comes while a dialog is open lies before it and can be pressed', async () => {
  const carol = await stage.account('carol');
  await openSettings(carol);
  await carol.getByLabel('Present password').first().fill('correct horse battery');
  await carol.getByLabel('New password').fill('another horse battery');
  await carol.getByRole('button', { name: 'Change password' }).click();
  const note = carol.getByRole('status').filter({ hasText: 'Your password is changed' });
  await note.getByRole('button', { name: 'Close' }).click();
  await note.waitFor({ state: 'detached' });
  assert.equal(await carol.getByRole('dialog').count(), 1, 'the dialog is still open');
  stage.allQuiet();
});

/** Keeps what the page would have shown and played. */
const overhear = () => {
  window.told = [];
  window.Notification = class {
    static permission = 'granted';
    static requestPermission = async () => 'granted';
    constructor(title, options) { window.told.push([title, options.body]); window.lastNote = this; }
    close() {}
  };
  const play = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function start(...given) { window.told.push(['sound']); return play.apply(this, given); };
};

test('a mention is told to someone who looks elsewhere, by a notification that leads there, and by a sound', async () => {
  const dave = await stage.visitor();
  await dave.addInitScript(overhear);
  await dave.reload();
  await dave.getByLabel('Your name').fill('dave');
  await dave.getByRole('button', { name: 'Chat as a guest' }).click();
  await join(dave, 'general');
  await openSettings(dave);
  const popups = dave.getByLabel('Show a notification for mentions');
  for (const wanted of [true, false, true]) {
    await popups.click();
    await until(async () => (await popups.isChecked()) === wanted, `the box is ${wanted ? '' : 'not '}checked`);
  }
  await dave.getByLabel('Play a sound').check();
  await until(async () => (await dave.evaluate(() => window.told)).some(([kind]) => kind === 'sound'), 'the sound is tried');
  await dave.keyboard.press('Escape');
  await dave.getByRole('dialog').waitFor({ state: 'detached' });
  await dave.evaluate(() => { window.told = []; location.hash = '#/'; });
  await dave.getByRole('heading', { name: 'Choose a room' }).waitFor();

  const erin = await stage.inGeneral('erin');
  await say(erin, 'nothing for anyone in particular');
  await say(erin, 'hello **@dave**');
  await until(async () => (await dave.evaluate(() => window.told)).length >= 3, 'dave is told');
  const told = await dave.evaluate(() => window.told);
  assert.deepEqual(told.filter(([kind]) => kind !== 'sound'), [['erin in general', 'hello @dave']]);
  await dave.evaluate(() => window.lastNote.onclick());
  await shown(dave, 'hello @dave');
  await until(() => said(dave, 'hello @dave').evaluate((it) => it.classList.contains('flash')), 'the press leads to the message');
  stage.allQuiet();
});

test('the last known state is there without a network, and what came meanwhile with it', async () => {
  const fay = await stage.inGeneral('fay');
  await say(fay, 'still to be read');
  await stored(fay, 'still to be read');
  await kept(fay, 'still to be read', ':page:');
  await fay.context().setOffline(true);
  await fay.reload();
  await shown(fay, 'still to be read');
  await say(fay, 'typed without a network');
  const gil = await stage.inGeneral('gil');
  await say(gil, 'said meanwhile');
  await fay.context().setOffline(false);
  await shown(fay, 'said meanwhile');
  await shown(gil, 'typed without a network');
  assert.equal(await said(fay, 'still to be read').count(), 1);
  assert.equal(await log(fay).getByRole('article').last().locator('.body').innerText(), 'typed without a network');
  stage.allQuiet();
});
