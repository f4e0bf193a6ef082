// For everyone: axe finds nothing in any view, in either theme and size.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { box, create, fromPersonMenu, fromRoomMenu, join, PHONE, said, Stage, stored } from './stage.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

/** Looks for barriers in the view as it is. The policy allows no script from outside: axe comes in by the debugger. */
async function barriers(page, view) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.replaceAll('\n', ' ').slice(0, 200)}`).join(' | ')}`);
}

async function everyView(page, isPhone) {
  const found = [];
  const look = async (view) => { found.push(...await barriers(page, view)); };
  if (isPhone) await page.getByRole('button', { name: 'Back to the rooms' }).click();
  await look('rooms');
  await page.getByRole('link', { name: /general/u }).click();
  await box(page).waitFor();
  await look('room');
  await box(page).fill('/');
  await page.getByRole('listbox', { name: 'Suggestions' }).waitFor();
  await look('completion');
  await box(page).fill('**preview**');
  await page.getByRole('button', { name: 'Preview' }).click();
  await look('preview');
  await box(page).fill('');
  await said(page, 'with code').last().focus();
  await look('toolbar');
  await said(page, 'with code').last().getByRole('button', { name: 'React' }).click();
  await page.getByLabel('Search emoji').fill('cat');
  await page.getByRole('button', { name: /:cat:/u }).first().waitFor();
  await look('emoji');
  await page.keyboard.press('Escape');
  for (const [view, open] of [
    ['help', () => page.locator('body').press('?')],
    ['switcher', () => page.keyboard.press('Control+k')],
    ['settings', async () => { if (isPhone) await page.getByRole('button', { name: 'Back to the rooms' }).click(); await page.getByRole('button', { name: /, Settings/u }).click(); await page.getByText('This device').waitFor(); }],
    ['find', () => page.getByRole('button', { name: 'Find or create a room' }).first().click()],
    ['direct', () => page.getByRole('button', { name: 'Message someone' }).click()],
  ]) {
    await page.evaluate(() => document.activeElement?.blur());
    await open();
    await page.getByRole('dialog').waitFor();
    await look(view);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  return found;
}

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of [['desktop', {}], ['phone', PHONE]]) {
    test(`axe finds no barrier in any view: ${colorScheme}, ${size}`, async () => {
      const visitor = await stage.visitor({ ...options, colorScheme });
      assert.deepEqual(await barriers(visitor, 'sign-in'), []);
      const page = await stage.inGeneral(`axel-${colorScheme}-${size}`, { ...options, colorScheme });
      for (const text of ['hello @axel', '**bold** and `code` and https://example.org', '> a quote\n\n- a list', 'with code\n```js\nconst a = "b"; // c\n```']) {
        await box(page).fill(text);
        await page.getByRole('button', { name: 'Send' }).click();
        await stored(page, text.slice(0, 5).replace(/[*>`]/gu, '').trim());
      }
      assert.deepEqual(await everyView(page, size === 'phone'), []);
      stage.allQuiet();
    });
  }
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds no barrier in the dialogs of a room's owner: ${colorScheme}`, async () => {
    const owner = await stage.account(`olga-${colorScheme}`, { colorScheme });
    const room = `hall-${colorScheme}`;
    await create(owner, room);
    const guest = await stage.guest(`gus-${colorScheme}`);
    await join(guest, room);
    await owner.getByRole('complementary', { name: 'People' }).getByText('gus').waitFor();
    const member = await stage.account(`mia-${colorScheme}`);
    await join(member, room);
    const found = [];
    const look = async (view, ready) => {
      await ready.waitFor();
      found.push(...await barriers(owner, view));
      await owner.keyboard.press('Escape');
      await owner.getByRole('dialog').waitFor({ state: 'detached' });
    };
    const dialog = owner.getByRole('dialog');
    await fromRoomMenu(owner, 'Room settings');
    await look('manage', dialog.getByLabel('Topic'));
    await fromRoomMenu(owner, 'Invite people');
    await dialog.getByRole('button', { name: 'Make a link' }).click();
    await look('invite', dialog.getByText('Copy the link now'));
    await fromRoomMenu(owner, 'Leave the room');
    await look('leave', dialog.getByRole('button', { name: 'Leave the room' }));
    for (const [view, item, person] of [['kick', 'Remove from the room…', 'gus'], ['ban', 'Ban from the room…', 'gus'], ['mute', 'Mute…', 'gus'], ['role', 'Change role…', 'mia']]) {
      await fromPersonMenu(owner, person, item);
      await look(view, dialog);
    }
    await owner.getByRole('button', { name: 'Find or create a room' }).first().click();
    await owner.getByLabel('Name of a room').fill(`new-${colorScheme}`);
    await owner.getByRole('button', { name: `Create “new-${colorScheme}”…` }).click();
    await look('create', dialog.getByRole('button', { name: 'Create room' }));
    await owner.locator('.me').click();
    await look('settings of an account', dialog.getByLabel('How you are called'));
    assert.deepEqual(found, []);
    stage.allQuiet();
  });
}
