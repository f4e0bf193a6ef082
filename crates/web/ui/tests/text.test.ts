// What a text becomes, and the rules for texts that hold on the server, too.

import { readFileSync } from 'node:fs';
import { emojiKey, isBlank } from '@parlor/client';
import { describe, expect, test } from 'vitest';
import { isJumbo, lex, plain, safeUrl, type Token } from '../src/text/markdown.ts';
import { pieces } from '../src/text/pieces.ts';
import { marked, parseSearch } from '../src/search-query.ts';

const words = JSON.parse(readFileSync(new URL('../../../../tests/words.json', import.meta.url), 'utf8')) as { blank: string[]; visible: string[] };

function kinds(tokens: readonly Token[] | undefined): string[] {
  return (tokens ?? []).flatMap((token) => [token.type, ...kinds('tokens' in token ? token.tokens : undefined), ...(token.type === 'list' ? token.items.flatMap((item: Token) => kinds('tokens' in item ? item.tokens : undefined)) : [])]);
}

describe('text', () => {
  test('what shows nothing is blank', () => {
    for (const it of words.blank) expect(isBlank(it), JSON.stringify(it)).toBe(true);
    for (const it of words.visible) expect(isBlank(it), JSON.stringify(it)).toBe(false);
    expect(emojiKey('❤\ufe0f')).toBe(emojiKey('❤'));
  });

  test('no text makes HTML, and none disappears', () => {
    for (const text of ['<b>x</b>', '<!-- hidden -->', '[a]: https://example.org', '    indented', 'a\n---', '<script>x</script>']) {
      const tokens = lex(text);
      expect(kinds(tokens), text).not.toContain('html');
      expect(kinds(tokens), text).not.toContain('def');
      expect(tokens.map(({ raw }) => raw).join('').trim(), text).toBe(text.trim());
    }
  });

  test('nesting deeper than anyone means stays plain', () => {
    expect(kinds(lex('>'.repeat(4_000)))).toEqual(['paragraph', 'text']);
    expect(kinds(lex('- '.repeat(2_000)))).toEqual(['paragraph', 'text']);
    expect(kinds(lex('> > a quote in a quote'))).toContain('blockquote');
  });

  test('only addresses that open something harmless are links', () => {
    for (const href of ['https://example.org/', 'http://example.org/', 'mailto:a@example.org']) expect(safeUrl(href)).toBe(href);
    for (const href of ['javascript:x', 'JAVASCRIPT:x', ' javascript:x', 'java\nscript:x', 'data:text/html,x', 'vbscript:x', 'file:///etc', 'blob:x', '/path', '//evil.example', 'about:blank', '']) expect(safeUrl(href), href).toBeUndefined();
  });

  test('the longest name that was called counts, and a room only if it is there', () => {
    const names = { people: [{ id: '1', name: 'ann' }, { id: '2', name: 'ann.b' }, { id: '3', name: '(x)*' }], room: (name: string) => (name === 'general' ? 'general' : undefined) };
    expect(pieces('hi @ann.b and @Ann, see #general #nowhere a#general @(x)*', names).map(({ kind, text }) => `${kind}:${text}`)).toEqual([
      'text:hi ', 'person:@ann.b', 'text: and ', 'person:@Ann', 'text:, see ', 'room:#general', 'text: #nowhere a#general ', 'person:@(x)*',
    ]);
    expect(pieces('', names)).toEqual([]);
  });

  test('one to three emoji alone are large', () => {
    for (const text of ['😀', '👨‍👩‍👧‍👦 ❤️', '🇩🇪🇫🇷', '👍🏽👍🏽👍🏽']) expect(isJumbo(text), text).toBe(true);
    for (const text of ['a', '1', '😀 a', '😀😀😀😀', '', '#']) expect(isJumbo(text), text).toBe(false);
  });

  test('a preview is one line', () => {
    expect(plain(' a\n\nb\tc ')).toBe('a b c');
    expect(plain('**bold** `code` [a link](https://example.org) ~~gone~~ https://example.org')).toBe('bold code a link gone https://example.org');
    expect(plain('# head\n> quote\n\n- one\n- two\n```js\nlet a;\n```\n|a|b|\n|-|-|\n|1|2|')).toBe('head quote one two let a; a b 1 2');
    expect(plain('---')).toBe('---');
    expect(plain('2 < 3 && <b>x</b>')).toBe('2 < 3 && <b>x</b>');
    expect(plain('x'.repeat(200), 10)).toBe(`${'x'.repeat(10)}…`);
  });
});

describe('search', () => {
  test('filters are taken out of the words', () => {
    expect(parseSearch('beans from:@tom in:#garden has:link')).toEqual({ query: 'beans', from: '@tom', in: 'garden', has: 'link' });
    const { before, after } = parseSearch('before:2026-02-01 after:2026-01-31');
    expect(before! - after!).toBe(1);
    expect(parseSearch('before:soon http://x:8080 has:cats')).toEqual({ query: 'before:soon http://x:8080 has:cats' });
  });

  test('what was found is marked, and a long text is cut around it', () => {
    expect(marked('the beans', [[4, 9]])).toEqual([{ text: 'the ', isFound: false }, { text: 'beans', isFound: true }]);
    const long = marked(`${'a'.repeat(300)}beans${'b'.repeat(300)}`, [[300, 305]]);
    expect(long.map(({ text }) => text).join('').length).toBeLessThan(230);
    expect(long.find(({ isFound }) => isFound)?.text).toBe('beans');
    expect(marked('abc', [[2, 99], [0, 1]])).toEqual([{ text: 'a', isFound: true }, { text: 'bc', isFound: false }]);
  });
});
