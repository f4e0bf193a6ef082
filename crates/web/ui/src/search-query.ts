// What someone types into the search, as fields; and what was found, as pieces to show.

export interface Wanted {
  readonly query: string;
  readonly from?: string;
  readonly in?: string;
  readonly before?: number;
  readonly after?: number;
  readonly has?: 'link';
}

/** Takes `from:`, `in:`, `before:`, `after:` and `has:` out of a text; what is left are the words. */
export function parseSearch(text: string): Wanted {
  const wanted: { -readonly [K in keyof Wanted]: Wanted[K] } = { query: '' };
  const query = text.replace(/(?:^|\s)(from|in|before|after|has):(\S+)/gu, (whole, name: string, value: string) => {
    const day = Date.parse(`${value}T00:00:00`);
    if (name === 'from') wanted.from = `@${value.replace(/^@/u, '')}`;
    else if (name === 'in') wanted.in = value.replace(/^#/u, '');
    else if (name === 'has' && value === 'link') wanted.has = 'link';
    else if (name === 'before' && !Number.isNaN(day)) wanted.before = day;
    // "After a day" means: once it is over.
    else if (name === 'after' && !Number.isNaN(day)) wanted.after = day + 86_400_000 - 1;
    else return whole;
    return '';
  });
  return { ...wanted, query: query.trim() };
}

/** Cuts a text around its first highlight into pieces that are found and pieces that are not. */
export function marked(body: string, highlights: readonly (readonly [number, number])[], length = 220): { readonly text: string; readonly isFound: boolean }[] {
  const first = highlights[0]?.[0] ?? 0;
  const start = Math.max(0, first - 60);
  const end = Math.min(body.length, start + length);
  const pieces: { text: string; isFound: boolean }[] = [];
  let done = start;
  for (const [from, to] of highlights) {
    if (from < done || to > end) continue;
    pieces.push({ text: body.slice(done, from), isFound: false }, { text: body.slice(from, to), isFound: true });
    done = to;
  }
  pieces.push({ text: body.slice(done, end), isFound: false });
  return [{ text: start > 0 ? '…' : '', isFound: false }, ...pieces, { text: end < body.length ? '…' : '', isFound: false }].filter(({ text }) => text !== '');
}
