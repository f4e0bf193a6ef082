// What the fragment of the page's address names.

export type Route =
  | { readonly at: 'none' }
  | { readonly at: 'room'; readonly key: string; readonly seq?: number }
  | { readonly at: 'invite'; readonly code: string };

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decoded);
  const [kind, key, seq] = parts;
  if (kind === 'room' && key) {
    const number = Number(seq);
    return Number.isSafeInteger(number) && number > 0 ? { at: 'room', key, seq: number } : { at: 'room', key };
  }
  if (kind === 'invite' && key) return { at: 'invite', code: key };
  return { at: 'none' };
}

function decoded(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}
