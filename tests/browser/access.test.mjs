// For everyone: axe finds nothing in any view, in either theme and size.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { box, PHONE, said, Stage, stored } from './stage.mjs';

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
