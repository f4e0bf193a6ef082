// A server and a browser, and people who use the page by what it shows: roles, labels and texts.

import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { launch } from './browser.mjs';
import { Server } from './server.mjs';

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const PASSWORD = 'correct horse battery';

/** What a browser says about an answer that is an error, and about a server that is away: both are meant. */
const EXPECTED = /Failed to load resource|WebSocket connection to|net::ERR_|ERR_CONNECTION/u;

export class Stage {
  #contexts = [];

  static async open(settings = {}) {
    const stage = new Stage();
    stage.server = new Server(settings);
    await stage.server.start();
    stage.browser = await launch();
    return stage;
  }

  async close() {
    await this.browser?.close();
    await this.server.clear();
  }

  /** Opens the page in a context of its own. What the console and the policy report is kept. */
  async visitor(options = {}, path = '/') {
    const context = await this.browser.newContext({ reducedMotion: 'reduce', ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    await this.watch(page);
    await page.goto(this.server.url + path);
    return page;
  }

  async watch(page) {
    page.errors = [];
    page.on('pageerror', (error) => page.errors.push(error.stack ?? String(error)));
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) page.errors.push(message.text()); });
    await page.exposeFunction('reportViolation', (text) => page.errors.push(`policy: ${text}`)).catch(() => {});
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`)));
  }

  async guest(name, options, path) {
    const page = await this.visitor(options, path);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Chat as a guest' }).click();
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor({ state: 'attached' });
    return page;
  }

  async account(name, options) {
    const page = await this.visitor(options);
    await page.getByLabel('Your name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor({ state: 'attached' });
    return page;
  }

  /** A guest in `general`. */
  async inGeneral(name, options) {
    const page = await this.guest(name, options);
    await join(page, 'general');
    return page;
  }

  /** Everyone's page was quiet: no error, no warning, nothing that the policy forbade. */
  allQuiet() {
    for (const context of this.#contexts) for (const page of context.pages()) assert.deepEqual(page.errors ?? [], []);
  }
}

export async function join(page, room) {
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByRole('button', { name: `Join ${room}` }).click();
  await box(page).waitFor();
}

/** Makes a public room, as somebody with an account may. */
export async function create(page, room) {
  await page.getByRole('button', { name: 'Find or create a room' }).first().click();
  await page.getByLabel('Name of a room').fill(room);
  await page.getByRole('button', { name: `Create “${room}”…` }).click();
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name: room }).waitFor();
}

/** Opens something from the menu of the open room. */
export async function fromRoomMenu(page, item) {
  await page.locator('.room-header').getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog').waitFor();
}

/** Opens something from the menu of a person beside the open room. */
export async function fromPersonMenu(page, person, item) {
  await page.getByRole('complementary', { name: 'People' }).getByRole('button', { name: new RegExp(`^${person}`, 'u') }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

export async function openSettings(page) {
  await page.getByRole('button', { name: /, Settings/u }).click();
  await page.getByText('This device').waitFor();
}

export const box = (page) => page.getByRole('textbox', { name: /^Message to/u });
export const log = (page) => page.getByRole('log', { name: 'Messages' });
export const said = (page, text) => log(page).getByRole('article').filter({ hasText: text });

export async function say(page, text) {
  await box(page).fill(text);
  await box(page).press('Enter');
}

export async function shown(page, text) {
  await said(page, text).first().waitFor();
}

/** Waits until the page would open without a server: its files are kept, and this text among the rooms or `:page:`. */
export async function kept(page, text, part = ':rooms:') {
  await page.waitForFunction(([wanted, of]) => navigator.serviceWorker.controller && Object.entries(localStorage).some(([key, value]) => key.includes(of) && value.includes(wanted)), [text, part]);
}

/** The texts of all messages in sight, from top to bottom. */
export const bodies = (page) => log(page).locator('article .body').allInnerTexts().then((all) => all.map((text) => text.trim()));

/** Waits until a message is stored: the mark that it is on its way is gone. */
export async function stored(page, text) {
  await page.locator('article[data-state=stored]').filter({ hasText: text }).first().waitFor();
}

/** Someone who writes in `general` without a page, fast: `ask` resolves with the reply. */
export async function writer(server, guest) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, 'parlor.v1');
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  const waiting = new Map();
  socket.on('message', (data) => {
    const frame = JSON.parse(data);
    waiting.get(frame.id)?.(frame);
    waiting.delete(frame.id);
  });
  let id = 0;
  const ask = (op, d) => new Promise((resolve) => { id += 1; waiting.set(id, resolve); socket.send(JSON.stringify({ id, op, d })); });
  await ask('hello', { guest });
  await ask('join', { room: 'general' });
  return { ask, close: () => socket.close() };
}

/** What an arrow key, Enter or Escape does with the focus as it is. */
export const press = (page, ...keys) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());

export const focused = (page) => page.evaluate(() => {
  const it = document.activeElement;
  return it?.getAttribute('aria-label') ?? it?.id ?? it?.tagName;
});

/** Waits until a condition in this process holds. */
export async function until(holds, what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
