// The page's rules for texts hold the cases that the server's hold.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const assets = new URL('../../crates/gateway/assets/', import.meta.url);
const load = (name) => import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(name, assets), 'utf8').replaceAll("'/text.js'", `'${text}'`))}`);
const text = `data:text/javascript,${encodeURIComponent(readFileSync(new URL('text.js', assets), 'utf8')).replaceAll("'", '%27')}`;
const { isBlank, emojiKey } = await import(text);
const { Room } = await load('room.js');
const words = JSON.parse(readFileSync(new URL('../words.json', import.meta.url), 'utf8'));

test('what shows nothing is blank', () => {
  for (const it of words.blank) assert.equal(isBlank(it), true, JSON.stringify(it));
  for (const it of words.visible) assert.equal(isBlank(it), false, JSON.stringify(it));
});

test('two forms of an emoji are one reaction', () => {
  assert.equal(emojiKey('❤\ufe0f'), emojiKey('❤'));
  const room = new Room({ room: 'lounge', kind: 'public' }, 0);
  const author = { id: 'a', name: 'alice' };
  room.addHistory({ messages: [{ seq: 1, author, body: 'hi', reactions: [{ emoji: '❤\ufe0f', count: 1, mine: false }] }], more: false, head: 1 });
  room.addEntry({ seq: 2, kind: 'reaction', author, target: 1, emoji: '❤', on: true });
  assert.deepEqual(room.ordered()[0].reactions.map(({ emoji, count }) => [emoji, count]), [['❤\ufe0f', 2]]);
  room.addEntry({ seq: 3, kind: 'reaction', author, target: 1, emoji: '❤\ufe0f', on: true });
  assert.equal(room.ordered()[0].reactions[0].count, 2, 'once per person');
  room.addEntry({ seq: 4, kind: 'reaction', author, target: 1, emoji: '❤', on: false });
  room.addEntry({ seq: 5, kind: 'reaction', author, target: 1, emoji: '❤\ufe0f', on: false });
  assert.equal(room.ordered()[0].reactions[0].count, 1);
  const other = { id: 'b', name: 'bob' };
  room.addEntry({ seq: 6, kind: 'reaction', author: other, target: 1, emoji: '❤\ufe0f', on: false });
  assert.deepEqual(room.ordered()[0].reactions, []);
});
