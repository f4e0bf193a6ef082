// Which word before the cursor is completed.

import { expect, test } from 'vitest';
import { wordBefore } from '../src/compose/word-before.ts';
import { parseRoute } from '../src/state/parse-route.ts';

test('a word is completed only where someone begins one', () => {
  const kind = (text: string): string | undefined => { const it = wordBefore(text, text.length); return it && `${it.kind}${it.text}`; };
  expect(['@an', 'hi @An', '(@an', '#gen', 'x :smi', '/to', '@'].map(kind)).toEqual(['@an', '@an', '@an', '#gen', ':smi', '/to', '@']);
  expect(['a@an', 'x /to', ':)', ':a', '12:30', 'http://', '@an '].map(kind)).toEqual(Array.from({ length: 7 }, () => undefined));
  expect(wordBefore('@anna and more', 3)).toEqual({ kind: '@', from: 0, text: 'an' });
});

test('an address names a room, a message or an invitation, or nothing', () => {
  expect(parseRoute('#/room/general')).toEqual({ at: 'room', key: 'general' });
  expect(parseRoute('#/room/~abc/12')).toEqual({ at: 'room', key: '~abc', seq: 12 });
  expect(parseRoute('#/room/a%2Fb')).toEqual({ at: 'room', key: 'a/b' });
  expect(parseRoute('#/invite/b0N0')).toEqual({ at: 'invite', code: 'b0N0' });
  for (const hash of ['', '#', '#/', '#/room/', '#/room', '#/x/y', '#/%']) expect(parseRoute(hash), hash).toEqual({ at: 'none' });
  for (const seq of ['-1', '0', '1.5', 'x', '1e99']) expect(parseRoute(`#/room/general/${seq}`)).toEqual({ at: 'room', key: 'general' });
});
