// Pictures of each view, in both themes and sizes: `just screenshots`. Three of them are in the README.

import { mkdirSync } from 'node:fs';
import { PHONE, Stage, box, join, said, say, shown, stored } from './stage.mjs';

const FOLDER = process.env.SCREENSHOTS ?? new URL('../../target/screenshots', import.meta.url).pathname;
const DESKTOP = { viewport: { width: 1280, height: 800 } };
mkdirSync(FOLDER, { recursive: true });

async function create(page, name, topic = '') {
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByLabel('Name of a room').fill(name);
  await page.getByRole('button', { name: `Create “${name}”…` }).click();
  await page.getByLabel('Topic (optional)').fill(topic);
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name }).waitFor();
}

/** What two people said to each other, so that there is something to see. */
async function furnish(stage) {
  const mira = await stage.account('mira', DESKTOP);
  const tom = await stage.account('tom', DESKTOP);
  const noor = await stage.inGeneral('نور', DESKTOP);
  await create(mira, 'garden', 'What grows, and what does not');
  await create(mira, 'release', 'Version 0.2');
  for (const page of [tom, noor]) { await join(page, 'garden'); }
  await join(tom, 'release');
  await join(tom, 'general');
  await join(mira, 'general');
  await say(tom, 'The first beans are up. I put a net over them, the pigeons had a look already.');
  await shown(mira, 'The first beans');
  const talk = [
    [mira, 'Good morning! Who has time to water the tomatoes on **Saturday**?'],
    [mira, 'The plan, as of today:\n\n- tomatoes: @tom\n- beans: nobody yet\n- compost: me'],
    [tom, 'Saturday is fine. I can take the beans, too.'],
    [noor, 'صباح الخير! سأحضر البذور الجديدة معي.'],
    [tom, 'The new sensor works, by the way. This is all it needs:\n```rust\nfn is_dry(moisture: u8) -> bool {\n    moisture < 30 // percent\n}\n```'],
    [mira, 'Nice. I would ask for it before _and_ after, see https://example.org/watering'],
  ];
  for (const [page, text] of talk) {
    await page.getByRole('link', { name: /garden/u }).click();
    await page.getByRole('heading', { name: 'garden' }).waitFor();
    await say(page, text);
    await stored(page, text.slice(0, 12).replace(/[*_`]/gu, ''));
  }
  await react(tom, 'Who has time', '😂');
  await react(mira, 'take the beans', '❤️');
  await said(mira, 'take the beans').hover();
  await said(mira, 'take the beans').getByRole('button', { name: 'Reply' }).click();
  await say(mira, 'Then the beans are yours, thank you!');
  await stored(mira, 'Then the beans');
  await tom.getByRole('link', { name: /release/u }).click();
  await say(tom, 'All tests are green. @mira, shall we?');
  await stored(tom, 'All tests');
  await tom.getByRole('link', { name: /general/u }).click();
  await say(tom, 'Lunch at twelve?');
  await stored(tom, 'Lunch at');
  return { mira, tom, noor };
}

async function react(page, text, emoji) {
  await shown(page, text);
  await said(page, text).first().hover();
  await said(page, text).first().getByRole('button', { name: 'React' }).click();
  await page.getByRole('dialog', { name: 'Choose an emoji' }).getByRole('button', { name: emoji, exact: true }).first().click();
}

async function views(page, name) {
  const shot = (view) => page.screenshot({ path: `${FOLDER}/${name}-${view}.png` });
  const isPhone = name.startsWith('phone');
  await page.getByRole('link', { name: /garden/u }).click();
  await shown(page, 'Then the beans are yours');
  await said(page, 'Then the beans').first().waitFor();
  await page.mouse.move(0, 0);
  await shot('room');
  await said(page, 'The new sensor').first().hover();
  await said(page, 'The new sensor').first().focus();
  await shot('toolbar');
  await box(page).fill('/');
  await page.getByRole('listbox').waitFor();
  await shot('completion');
  await box(page).fill('');
  await page.getByRole('button', { name: 'Emoji', exact: true }).click();
  await page.getByRole('button', { name: /:grinning:/u }).first().waitFor();
  await shot('emoji');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await shot('switcher');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'People in this room' }).click();
  await shot('people');
  if (!isPhone) await page.getByRole('button', { name: 'People in this room' }).click();
  if (isPhone) { await page.getByRole('button', { name: 'Close' }).click(); await page.getByRole('button', { name: 'Back to the rooms' }).click(); }
  await shot('rooms');
  await page.getByRole('button', { name: /, Settings/u }).click();
  await page.getByText('This device').waitFor();
  await shot('settings');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByRole('button', { name: /Open garden/u }).waitFor();
  await shot('find');
  await page.keyboard.press('Escape');
  await page.locator('body').press('?');
  await shot('help');
  await page.keyboard.press('Escape');
}

const stage = await Stage.open();
try {
  const people = await furnish(stage);
  const state = await people.mira.context().storageState();
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, options] of [['desktop', DESKTOP], ['phone', PHONE]]) {
      const visitor = await stage.visitor({ ...options, colorScheme });
      await visitor.screenshot({ path: `${FOLDER}/${size}-${colorScheme}-sign-in.png` });
      const page = await stage.visitor({ ...options, colorScheme, storageState: state });
      await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
      await views(page, `${size}-${colorScheme}`);
    }
  }
  stage.allQuiet();
  console.log(`the pictures are in ${FOLDER}`);
} finally { await stage.close(); }
