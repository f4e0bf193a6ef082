// The page's user interface. It writes text, never markup, into the document.

import { Client, uuid7 } from '/client.js';
import { Room } from '/room.js';
import { isBlank } from '/text.js';

const $ = (id) => document.getElementById(id);
const rooms = new Map();
const invitations = new Map();
const pending = new Map();
let client = null;
let me = null;
let current = null;

const CLOSE_MESSAGES = {
  4502: 'Your session has ended. Please sign in again.',
  4503: 'This chat is now open in another window. Reload to use it here.',
  4504: 'You are banned from this server.',
  4505: 'Too many connections are open. Close other tabs and reload.',
  4508: 'You sent too much at once. Reload to continue.',
};

// ---- signing in -----------------------------------------------------------------------------

function showSignIn(message = '') {
  $('chat').hidden = true;
  $('sign-in').hidden = false;
  $('sign-in-error').textContent = message;
  $('name').focus();
}

$('enter').addEventListener('submit', async (event) => {
  event.preventDefault();
  const how = event.submitter?.value ?? 'guest';
  const name = $('name').value.trim();
  if (how === 'guest') { enter({ guest: name }); return; }
  try {
    const reply = await signIn(how, { name, password: $('password').value, device: 'browser' });
    if (reply.err) throw new Error(explain(reply.err));
    enter({ token: reply.token });
  } catch (error) { $('sign-in-error').textContent = error.message; }
});

/** Registers or logs in. A proxy in front may answer with a page of its own. */
async function signIn(how, account) {
  try {
    const answer = await fetch(`/api/v1/${how}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(account) });
    return await answer.json();
  } catch { throw new Error('The server cannot be reached at the moment. Please try again.'); }
}

function explain(err) {
  const hint = err.suggest ? ` How about “${err.suggest}”?` : '';
  return `${err.message || err.name}${hint}`;
}

function tabName() {
  let tab = sessionStorage.getItem('parlor.tab');
  if (!tab) { tab = uuid7().slice(-8); sessionStorage.setItem('parlor.tab', tab); }
  return tab;
}

function enter(identity) {
  client?.stop();
  rooms.clear();
  invitations.clear();
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  client = new Client({ url: `${scheme}//${location.host}/ws`, tab: tabName(), identity });
  listen(client);
  client.start();
}

// ---- events from the server -----------------------------------------------------------------

function listen(source) {
  const on = (type, handle) => source.addEventListener(type, ({ detail }) => { if (source === client) handle(detail); });
  on('ready', welcome);
  on('offline', () => {
    status('offline', 'reconnecting…');
    for (const room of rooms.values()) room.typing.clear();
    drawTyping();
  });
  on('rejected', (error) => { localStorage.removeItem('parlor.token'); showSignIn(error.name === 'bad_credentials' ? 'Your session has ended. Please sign in again.' : explain(error)); });
  on('closed', ({ code }) => { if (code === 4502) localStorage.removeItem('parlor.token'); showSignIn(CLOSE_MESSAGES[code]); });
  on('entry', ({ room, entry }) => addEntry(room, entry));
  on('room', ({ room, card, head, why, by }) => {
    if (why === 'invited') invitations.set(room, { card, by });
    else { invitations.delete(room); addRoom(card, head).answered = why !== 'dm' || by.id === me?.id; }
    drawRooms();
    if (room === current) drawHead();
  });
  on('gone', ({ room, why, reason }) => forget(room, why, reason));
  on('presence', ({ room, changes, online }) => presence(room, changes, online));
  on('typing', ({ room, user, on: typing }) => setTyping(room, user, typing));
  on('read', ({ room, unread }) => { const it = rooms.get(room); if (it) { it.unread = unread; drawRooms(); } });
  on('notice', ({ message }) => notice(message));
  on('sending', (message) => { pending.set(message.cid, message); drawLog(true); });
  on('sent', ({ cid }) => { pending.delete(cid); drawLog(); });
  on('refused', ({ cid, error, body }) => { pending.delete(cid); notice(explain(error)); if (!$('body').value) $('body').value = body; drawLog(); });
}

async function welcome({ user, token, rooms: lines, fresh }) {
  me = user;
  localStorage.setItem('parlor.token', token);
  $('me').textContent = user.name;
  $('sign-in').hidden = true;
  $('chat').hidden = false;
  status('online', 'connected');
  for (const [key, line] of Object.entries(lines)) {
    const room = rooms.get(key);
    if (room && (fresh || line.reset || line.gap)) room.reset(line.head);
  }
  await guarded(async () => {
    let after;
    do {
      const page = await client.call('rooms', after ? { after } : {});
      for (const line of page.rooms) Object.assign(addRoom(line.card, line.head), { unread: line.unread, answered: line.answered ?? true });
      for (const { card, by } of page.invitations ?? []) invitations.set(card.room, { card, by });
      after = page.next;
    } while (after);
    drawRooms();
    if (!rooms.size) await join('general');
    else await open(current && rooms.has(current) ? current : [...rooms.keys()][0]);
  });
}

function addRoom(card, head) {
  let room = rooms.get(card.room);
  if (room) room.card = card;
  else { room = new Room(card, head); rooms.set(card.room, room); }
  return room;
}

function addEntry(key, entry) {
  const room = rooms.get(key);
  if (!room) return;
  room.addEntry(entry);
  if (entry.author.id === me.id && (entry.kind === 'message' || entry.kind === 'reaction')) room.answered = true;
  if (entry.kind === 'message') {
    pending.delete(entry.cid);
    room.typing.delete(entry.author.id);
    if (key !== current && entry.author.id !== me.id) room.unread += 1;
  }
  if (key === current) { drawLog(); drawPeople(); drawTyping(); markRead(); } else drawRooms();
}

function forget(key, why, reason) {
  if (!rooms.delete(key)) return;
  if (why !== 'left') notice(`You were ${why} from ${key}.${reason ? ` Reason: ${reason}` : ''}`);
  if (key === current) { current = null; const next = rooms.keys().next().value; if (next) guarded(() => open(next)); else drawAll(); }
  drawRooms();
}

function presence(key, changes = [], online) {
  const room = rooms.get(key);
  if (!room) return;
  room.online = online;
  for (const { user, state } of changes) {
    const person = room.people.get(user.id);
    if (person) person.online = state === 'online';
    else room.people.set(user.id, { user, online: state === 'online' });
  }
  if (key === current) drawPeople();
}

function setTyping(key, user, typing) {
  const room = rooms.get(key);
  if (!room) return;
  if (typing) room.typing.set(user.id, user); else room.typing.delete(user.id);
  if (key === current) drawTyping();
}

// ---- actions of the user --------------------------------------------------------------------

async function guarded(work) {
  try { await work(); } catch (error) { if (error.name !== 'disconnected') notice(explain(error)); }
}

async function join(key) {
  const { card, head } = await client.call('join', { room: key, limit: 1 });
  if (!client.cursors.has(card.room)) client.follow(card.room, head);
  addRoom(card, head);
  await open(card.room);
}

async function open(key) {
  current = key;
  const room = rooms.get(key);
  drawAll();
  if (!room.loaded) room.addHistory(await client.call('history', { room: key, limit: 50 }));
  const people = [];
  let after;
  do {
    const page = await client.call('members', after ? { room: key, after } : { room: key });
    people.push(...page.members);
    after = page.next;
  } while (after && people.length < 1000);
  room.people = new Map(people.map(({ user, online }) => [user.id, { user, online }]));
  if (current !== key) return;
  drawAll(true);
  markRead();
}

async function older() {
  const room = rooms.get(current);
  if (!room?.loaded || !room.more || room.reading) return;
  room.reading = true;
  await guarded(async () => {
    const first = room.ordered()[0];
    const height = $('log').scrollHeight;
    room.addHistory(await client.call('history', { room: room.key, before: first.seq, limit: 50 }));
    drawLog();
    $('log').scrollTop += $('log').scrollHeight - height;
  });
  room.reading = false;
}

async function accept(key) {
  invitations.delete(key);
  await join(key);
}

/** Declines an invitation, or leaves a direct room that someone else opened. */
async function decline(key) {
  invitations.delete(key);
  drawRooms();
  await client.call('leave', { room: key });
}

function markRead() {
  const room = rooms.get(current);
  if (!room || document.hidden || !client.online) return;
  room.unread = 0;
  drawRooms();
  clearTimeout(room.marking);
  room.marking = setTimeout(() => guarded(() => client.call('read', { room: room.key, seq: room.head })), 300);
}

$('say').addEventListener('submit', (event) => {
  event.preventDefault();
  const body = $('body').value;
  if (isBlank(body) || !current) return;
  $('body').value = '';
  notice('');
  client.send(current, body);
});

$('body').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); $('say').requestSubmit(); }
});

let typedAt = 0;
$('body').addEventListener('input', () => {
  if (!current || !client.online || Date.now() - typedAt < 3000) return;
  typedAt = Date.now();
  client.call('typing', { room: current, on: true }).catch(() => {});
});

$('find').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('find-room').value.trim();
  if (isBlank(name)) return;
  guarded(async () => {
    try { await join(name); } catch (error) {
      if (error.name !== 'no_such_room') throw error;
      const { card } = await client.call('room.create', { name, kind: 'public' });
      await join(card.room);
    }
    $('find-room').value = '';
  });
});

$('logout').addEventListener('click', () => guarded(async () => {
  await client.call('logout');
  client.stop();
  localStorage.removeItem('parlor.token');
  location.reload();
}));

$('log').addEventListener('scroll', () => { if ($('log').scrollTop < 80) older(); });
document.addEventListener('visibilitychange', markRead);

// ---- drawing --------------------------------------------------------------------------------

function element(tag, className, text) {
  const it = document.createElement(tag);
  if (className) it.className = className;
  if (text !== undefined) it.textContent = text;
  return it;
}

function status(state, text) { $('status').dataset.state = state; $('status').textContent = text; }
function notice(text) { $('notice').textContent = text; }

function drawAll(toEnd = false) { drawRooms(); drawHead(); drawLog(toEnd); drawPeople(); drawTyping(); }

function drawRooms() {
  $('invitations').replaceChildren(...[...invitations].map(([key, { card, by }]) => {
    const item = element('li', '', `${by.name} invited you to ${card.title || key} `);
    item.append(action('Accept', () => accept(key)), ' ', action('Decline', () => decline(key)));
    return item;
  }));
  $('rooms').replaceChildren(...[...rooms.values()].sort((a, b) => a.title.localeCompare(b.title)).map((room) => {
    const button = element('button', '', '');
    button.type = 'button';
    button.setAttribute('aria-current', room.key === current);
    button.append(element('span', '', room.title));
    if (room.unread) button.append(element('span', 'badge', room.unread));
    button.addEventListener('click', () => guarded(() => open(room.key)));
    const item = element('li');
    item.append(button);
    if (room.answered === false) item.append(action('Decline', () => decline(room.key)));
    return item;
  }));
}

function action(text, work) {
  const button = element('button', 'action', text);
  button.type = 'button';
  button.addEventListener('click', () => guarded(work));
  return button;
}

function drawHead() {
  const room = rooms.get(current);
  // Until a room is open, what is written could go nowhere.
  $('body').disabled = !room;
  $('title').textContent = room?.title ?? '';
  $('topic').textContent = room?.card.topic ?? '';
}

function drawLog(toEnd = false) {
  const log = $('log');
  const room = rooms.get(current);
  const stick = toEnd || log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const mine = [...pending.values()].filter((m) => m.room === current).map((m) => ({ ...m, author: me, pending: true, reactions: [] }));
  log.replaceChildren(...[...(room?.ordered() ?? []), ...mine].map(messageItem));
  if (stick) log.scrollTop = log.scrollHeight;
}

function messageItem(message) {
  const item = element('li', message.pending ? 'pending' : '');
  if (message.seq) item.dataset.seq = message.seq;
  item.append(element('span', 'who', message.author.name));
  if (message.at) item.append(element('time', 'when', new Date(message.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })));
  else item.append(' ');
  item.append(message.deleted ? element('span', 'gone', 'message deleted') : element('span', 'body', message.body));
  if (message.edited_seq && !message.deleted) item.append(element('span', 'when', '(edited)'));
  for (const { emoji, count } of message.reactions) item.append(' ', element('span', 'react', `${emoji} ${count}`));
  return item;
}

function drawPeople() {
  const people = [...(rooms.get(current)?.people.values() ?? [])].sort((a, b) => b.online - a.online || a.user.name.localeCompare(b.user.name));
  $('count').textContent = people.length ? `${people.filter((p) => p.online).length} of ${people.length} online` : '';
  $('people').replaceChildren(...people.map(({ user, online }) => element('li', online ? 'online' : '', user.name)));
}

function drawTyping() {
  const names = [...(rooms.get(current)?.typing.values() ?? [])].filter((u) => u.id !== me?.id).map((u) => u.name);
  $('typing').textContent = names.length ? `${names.slice(0, 3).join(', ')} ${names.length > 1 ? 'are' : 'is'} typing…` : '';
}

const token = localStorage.getItem('parlor.token');
if (token) enter({ token }); else showSignIn();
