// Finding: a message by its words, where and by whom it was written, and a press that leads to it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, said, say, shown, Stage, stored, until } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open({ PARLOR_SEARCH: 'on' }); });
after(async () => { await stage?.close(); });

const search = (page) => page.getByRole('combobox', { name: /words to search for/u });
const hits = (page) => page.getByRole('group', { name: 'Messages' }).getByRole('option');

/** Types until the index, which follows the log, has what is looked for. */
async function find(page, words, count) {
  await until(async () => {
    await search(page).fill('');
    await search(page).fill(words);
    await page.waitForTimeout(700);
    return (await hits(page).count()) === count;
  }, `${count} hits for ${words}`);
}

test('a message is found by its words, shown with them marked, and led to', async () => {
  const alice = await stage.account('alice');
  await create(alice, 'kitchen');
  await say(alice, 'The **Quince** jelly is on the upper shelf');
  await stored(alice, 'Quince');
  for (let at = 0; at < 60; at += 1) await say(alice, `small talk ${at}`);
  await stored(alice, 'small talk 59');
  await create(alice, 'attic');
  await say(alice, 'no quinces here');
  await stored(alice, 'no quinces');

  await alice.keyboard.press('Control+k');
  await find(alice, 'quince jelly', 1);
  assert.deepEqual(await hits(alice).locator('mark').allInnerTexts(), ['Quince', 'jelly']);
  await hits(alice).getByText('kitchen').waitFor();
  await search(alice).press('Enter');
  await shown(alice, 'upper shelf');
  await until(() => said(alice, 'upper shelf').evaluate((it) => it.classList.contains('flash')), 'it is led to');

  await alice.keyboard.press('Control+k');
  await find(alice, 'talk in:attic', 0);
  await alice.getByText('Nothing found.').waitFor();
  await find(alice, 'quinces from:alice', 1);
  await alice.keyboard.press('Escape');
  await alice.getByRole('dialog').waitFor({ state: 'detached' });
  stage.allQuiet();
});

test('nobody finds what they may not read', async () => {
  const bob = await stage.inGeneral('bob');
  // That the index is there and followed shows by one's own.
  await say(bob, 'a spoon of marmalade');
  await stored(bob, 'marmalade');
  await bob.keyboard.press('Control+k');
  await find(bob, 'marmalade', 1);
  await search(bob).fill('quince');
  await bob.getByText('Nothing found.').waitFor();
  assert.equal(await hits(bob).count(), 0);
  stage.allQuiet();
});
