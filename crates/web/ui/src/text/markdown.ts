// What a message becomes: marked's lexer, held to what suits a chat. Nothing here makes HTML.

import { Marked, type Token, type Tokens } from 'marked';

export type { Token, Tokens } from 'marked';

/** Deeper nesting is shown as it was typed. */
export const DEPTH_MAX = 12;

const never = (): undefined => undefined;

// HTML stays text. Definitions would swallow what was typed; indented code and underlined headings take
// people by surprise. An image would load from a stranger's server: it is a link.
const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: { html: never, tag: never, def: never, code: never, lheading: never },
});

/** Markers at the beginnings of lines that nest deeper than anyone means. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])[ \t]*){13}/mu;

/** Returns the tokens of a message. What the lexer cannot take is one plain paragraph. */
export function lex(body: string): Token[] {
  if (!TOO_DEEP.test(body)) {
    try { return marked.lexer(body); } catch { /* Plain, then. */ }
  }
  return [{ type: 'paragraph', raw: body, text: body, tokens: [{ type: 'text', raw: body, text: body, escaped: false }] }];
}

/** Returns whether an address may be a link. */
export function safeUrl(href: string): string | undefined {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined;
  } catch { return undefined; }
}

const JUMBO = /^(?:\s*(?:\p{Regional_Indicator}{2}|\p{Extended_Pictographic}(?:[\ufe0f\p{Emoji_Modifier}]|\u200d\p{Extended_Pictographic})*)){1,3}\s*$/u;

/** One to three emoji and nothing else: shown large. */
export function isJumbo(body: string): boolean {
  return body.length <= 40 && JUMBO.test(body);
}

/** A text in one line and without its marks, for previews, titles and announcements. */
export function plain(body: string, length = 140): string {
  const text = said(lex(body));
  const line = (/\S/u.test(text) ? text : body).replace(/\s+/gu, ' ').trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** What the tokens say, without how; each block with a space around it. */
function said(tokens: readonly Token[]): string {
  return tokens.map((token) => {
    switch (token.type) {
      case 'list': return ` ${(token as Tokens.List).items.map((item) => said(item.tokens)).join(' ')} `;
      case 'table': { const { header, rows } = token as Tokens.Table; return ` ${[header, ...rows].flat().map((cell) => said(cell.tokens)).join(' ')} `; }
      case 'code': return ` ${(token as Tokens.Code).text} `;
      case 'br': case 'space': case 'hr': return ' ';
      case 'paragraph': case 'heading': case 'blockquote': return ` ${said(token.tokens ?? [])} `;
      default: {
        const { tokens: inner, text, raw } = token as Tokens.Generic;
        return inner ? said(inner) : (text as string | undefined) ?? raw;
      }
    }
  }).join('');
}
