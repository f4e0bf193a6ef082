// The keyboard reaches everything, the focus stays, a phone has room: what no checker finds.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { box, focused, log, PHONE, press, said, say, shown, Stage, stored, until } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

test('by the keyboard alone: into a room, through its messages, edit, delete, undo', async () => {
  const page = await stage.inGeneral('kay');
  await say(page, 'first of mine');
  await say(page, 'second of mine');
  await stored(page, 'second of mine');
  await press(page, 'ArrowUp');
  await page.getByText('Editing your message').waitFor();
  assert.equal(await box(page).inputValue(), 'second of mine');
  await box(page).fill('second, better');
  await press(page, 'Enter');
  await shown(page, 'second, better');
  await said(page, 'second, better').getByText('(edited)').waitFor();
  await box(page).focus();
  await press(page, 'Shift+Tab');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /second, better/u);
  await press(page, 'ArrowUp');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /first of mine/u);
  await press(page, 'Delete');
  await page.getByText('Message deleted.').waitFor();
  assert.equal(await said(page, 'first of mine').count(), 0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await shown(page, 'first of mine');
  await said(page, 'first of mine').focus();
  await press(page, 'r');
  await page.getByText('Replying to').waitFor();
  await press(page, 'Escape');
  assert.equal(await page.getByText('Replying to').count(), 0);
  stage.allQuiet();
});

test('from the rooms to the box it is few tabs, and the arrows go through the rooms', async () => {
  const page = await stage.account('lee');
  for (const name of ['alpha', 'beta']) {
    await page.getByRole('button', { name: 'Find or create a room' }).first().click();
    await page.getByLabel('Name of a room').fill(name);
    await page.getByRole('button', { name: `Create “${name}”…` }).click();
    await page.getByRole('button', { name: 'Create room' }).click();
    await page.getByRole('heading', { name }).waitFor();
  }
  await page.getByRole('link', { name: /beta/u }).focus();
  await press(page, 'ArrowUp');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /alpha/u);
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'alpha' }).waitFor();
  await page.getByRole('link', { name: /alpha/u }).focus();
  let tabs = 0;
  while ((await focused(page)) !== 'Message to alpha' && tabs < 12) { await press(page, 'Tab'); tabs += 1; }
  assert.ok(tabs <= 8, `${tabs} tabs`);
  await press(page, 'Alt+ArrowDown');
  await page.getByRole('heading', { name: 'beta' }).waitFor();
  stage.allQuiet();
});

test('the Enter that ends a word of an input method does not send', async () => {
  const page = await stage.inGeneral('mei');
  await box(page).fill('日本');
  for (const init of [{ isComposing: true, keyCode: 13 }, { isComposing: false, keyCode: 229 }]) {
    await box(page).evaluate((element, { isComposing, keyCode }) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing, keyCode, bubbles: true, cancelable: true })), init);
  }
  assert.equal(await box(page).inputValue(), '日本');
  await press(page, 'Enter');
  await shown(page, '日本');
  assert.equal(await box(page).inputValue(), '');
  stage.allQuiet();
});

test('a new message redraws no other: rows, selection and focus stay', async () => {
  const nora = await stage.inGeneral('nora');
  const otto = await stage.inGeneral('otto');
  await say(nora, 'selected text');
  await stored(nora, 'selected text');
  await said(nora, 'selected text').evaluate((row) => {
    row.marked = true;
    getSelection().selectAllChildren(row.querySelector('.body'));
    row.focus();
  });
  await say(otto, 'something new');
  await shown(nora, 'something new');
  const kept = await said(nora, 'selected text').evaluate((row) => ({ same: row.marked === true, selection: getSelection().toString().trim(), focus: document.activeElement === row }));
  assert.deepEqual(kept, { same: true, selection: 'selected text', focus: true });
  stage.allQuiet();
});

test('what nobody looked at stays unread, and a button says that there is more', async () => {
  const pia = await stage.inGeneral('pia');
  const rob = await stage.inGeneral('rob');
  for (let at = 0; at < 5; at += 1) await say(pia, `line ${at}${'\n\n·'.repeat(8)}`);
  await stored(pia, 'line 4');
  await log(pia).locator('.log-scroll').evaluate((list) => { list.scrollTop = 0; });
  await pia.getByRole('button', { name: 'To the newest messages' }).waitFor();
  await say(rob, 'unseen by pia');
  await pia.getByRole('button', { name: '1 new message below' }).waitFor();
  await pia.getByRole('link', { name: /general/u }).getByLabel('1 unread').waitFor();
  await pia.getByRole('button', { name: '1 new message below' }).click();
  await shown(pia, 'unseen by pia');
  await pia.getByLabel('1 unread').waitFor({ state: 'detached' });
  stage.allQuiet();
});

test('320 pixels wide nothing is cut off, and a phone shows one column', async () => {
  const page = await stage.inGeneral('sam', { ...PHONE, viewport: { width: 320, height: 640 } });
  assert.equal(await page.getByRole('navigation', { name: 'Rooms' }).isVisible(), false);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await wide(), 320);
  await page.getByRole('button', { name: 'Back to the rooms' }).click();
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
  assert.equal(await box(page).count(), 0);
  assert.equal(await wide(), 320);
  await page.getByRole('link', { name: /general/u }).click();
  assert.ok(await box(page).evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize)) >= 16, 'a smaller font makes a phone zoom');
  await until(async () => (await log(page).boundingBox())?.width === 320, 'the log is as wide as the phone');
  stage.allQuiet();
});
