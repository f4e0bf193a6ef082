// Coming in: guests, accounts, invitations, and what the page says when it does not work.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, Stage, join, shown, until } from './stage.mjs';

let stage;
before(async () => { stage = await Stage.open(); });
after(async () => { await stage?.close(); });

const rooms = (page) => page.getByRole('navigation', { name: 'Rooms' });

test('a name that is taken gets one that is free, by one press', async () => {
  await stage.guest('dora');
  const other = await stage.visitor();
  await other.getByLabel('Your name').fill('Dora');
  await other.getByLabel('Your name').press('Enter');
  await other.getByRole('alert').getByText('dora-2').first().waitFor();
  await other.getByRole('button', { name: 'Use “dora-2”' }).click();
  await other.getByLabel('Your name').press('Enter');
  await rooms(other).getByText('dora-2').waitFor();
});

test('Enter in the password field signs in, and a wrong password says so', async () => {
  await stage.account('erin');
  const second = await stage.visitor();
  await second.getByLabel('Your name').fill('erin');
  await second.getByLabel('Password').fill('wrong horse battery');
  await second.getByLabel('Password').press('Enter');
  await second.getByText('The name or the password is wrong. Please try again.').waitFor();
  await second.getByLabel('Password').fill(PASSWORD);
  await second.getByLabel('Password').press('Enter');
  await rooms(second).getByText('erin').waitFor();
});

test('what is missing is said before the server is asked', async () => {
  const page = await stage.visitor();
  await page.getByRole('button', { name: 'Chat as a guest' }).click();
  await page.getByText('Please type a name first.').waitFor();
  await page.getByLabel('Your name').fill('short');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Please type a password first').waitFor();
  await page.getByLabel('Password').fill('1234567');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Please choose a longer password').waitFor();
  stage.allQuiet();
});

test('signed out, the page forgets who was here', async () => {
  const page = await stage.account('fay');
  await page.getByRole('button', { name: /Settings/u }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
  await page.getByLabel('Your name').waitFor();
  await page.reload();
  await page.getByLabel('Your name').waitFor();
  stage.allQuiet();
});

test('a device is signed out from another one', async () => {
  const first = await stage.account('greta');
  const second = await stage.visitor();
  await second.getByLabel('Your name').fill('greta');
  await second.getByLabel('Password').fill(PASSWORD);
  await second.getByLabel('Password').press('Enter');
  await rooms(second).getByText('greta').waitFor();
  await first.getByRole('button', { name: /Settings/u }).click();
  await first.getByText('This device').waitFor();
  await first.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await second.getByLabel('Your name').waitFor();
  assert.equal(await first.getByText('This device').count(), 1);
  stage.allQuiet();
});

test('a socket that cannot open is told apart from a server that is away', async () => {
  const page = await stage.inGeneral('hugo');
  // A proxy that lets HTTP through and no WebSocket.
  await page.addInitScript(() => {
    window.WebSocket = class { constructor() { setTimeout(() => { this.onerror?.({}); this.onclose?.({ code: 1006 }); }, 10); } close() {} send() {} };
  });
  await page.reload();
  const again = page.getByRole('button', { name: 'Try now' });
  await until(async () => { await again.click({ timeout: 500 }).catch(() => {}); return page.getByText('no live connection can be opened').isVisible(); }, 'the page says why');
});

test('a room is made only after it was asked for', async () => {
  const page = await stage.account('ida');
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByLabel('Name of a room').fill('typo');
  await page.getByLabel('Name of a room').press('Enter');
  await page.getByText('No public room is called “typo”.').waitFor();
  assert.equal(await rooms(page).getByRole('link', { name: /typo/u }).count(), 0);
  await page.getByRole('button', { name: 'Create “typo”…' }).click();
  await page.getByRole('heading', { name: 'Create a room' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await rooms(page).getByRole('link', { name: /typo/u }).count(), 0);
  stage.allQuiet();
});

test('an invitation is shown, accepted and declined', async () => {
  const owner = await stage.account('jana');
  const guest = await stage.guest('kilian');
  for (const name of ['first', 'second']) {
    await owner.getByRole('button', { name: 'Find or create a room' }).first().click();
    await owner.getByRole('button', { name: 'Create a room…' }).click();
    await owner.getByLabel('Name', { exact: true }).fill(name);
    await owner.getByText('Only who is invited').click();
    await owner.getByRole('button', { name: 'Create room' }).click();
    await owner.getByRole('heading', { name }).waitFor();
    await owner.getByRole('button', { name: 'More' }).last().click();
    await owner.getByRole('menuitem', { name: 'Invite people' }).click();
    await owner.getByLabel('Name of the person').fill('kilian');
    await owner.getByRole('button', { name: 'Invite', exact: true }).click();
    await owner.getByText('kilian is invited.').waitFor();
    await owner.keyboard.press('Escape');
  }
  const invitations = guest.getByRole('region', { name: 'Invitations' });
  await invitations.getByText('second').waitFor();
  await invitations.getByRole('listitem').filter({ hasText: 'second' }).getByRole('button', { name: 'Decline' }).click();
  await invitations.getByText('second').waitFor({ state: 'detached' });
  await invitations.getByRole('button', { name: 'Accept' }).click();
  await guest.getByRole('heading', { name: 'first' }).waitFor();
  stage.allQuiet();
});

test('a guest writes to someone, who answers', async () => {
  const lena = await stage.guest('lena');
  const milo = await stage.guest('milo');
  await lena.getByRole('button', { name: 'Find or create a room' }).first().waitFor();
  await join(lena, 'general');
  await lena.getByRole('button', { name: 'Message someone' }).click();
  await lena.getByLabel('Name of the person').fill('milo');
  await lena.getByRole('button', { name: 'Open conversation' }).click();
  await lena.getByRole('textbox', { name: 'Message to milo' }).fill('psst');
  await lena.keyboard.press('Enter');
  await milo.getByRole('link', { name: /lena/u }).click();
  await milo.getByText('psst').first().waitFor();
  await milo.getByText('They do not see whether you are online').waitFor();
  await milo.getByRole('textbox', { name: 'Message to lena' }).fill('yes?');
  await milo.keyboard.press('Enter');
  await shown(lena, 'yes?');
  stage.allQuiet();
});

test('a server that gives accounts by invitation asks for the code, and takes it', async () => {
  const closed = await Stage.open({ PARLOR_REGISTRATION: 'invite', PARLOR_INVITE_CODE: 'open sesame' });
  try {
    const page = await closed.visitor();
    await page.getByLabel('Your name').fill('ilse');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel('Invitation code').fill('open barley');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('alert').getByText(/./u).first().waitFor();
    await page.getByLabel('Invitation code').fill('open sesame');
    await page.getByRole('button', { name: 'Create account' }).click();
    await rooms(page).getByText('ilse').waitFor();
    closed.allQuiet();
  } finally { await closed.close(); }
});
