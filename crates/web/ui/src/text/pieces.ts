// A piece of text cut where it names someone or a room.

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'person'; readonly text: string; readonly id: string }
  | { readonly kind: 'room'; readonly text: string; readonly key: string };

export interface Names {
  /** The people that a message calls, as the server found them. */
  readonly people: readonly { readonly id: string; readonly name: string }[];
  /** The key of a room by its name after `#`. */
  readonly room: (name: string) => string | undefined;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/gu, '\\$&');

export function pieces(text: string, names: Names): Piece[] {
  const called = [...names.people].sort((one, other) => other.name.length - one.name.length);
  const people = called.map(({ name }) => escape(name)).join('|');
  const pattern = new RegExp(`${people ? `[@＠](?<person>${people})|` : ''}(?<![\\p{L}\\p{N}/&])#(?<room>[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?)`, 'giu');
  const all: Piece[] = [];
  let done = 0;
  const upTo = (end: number): void => { if (end > done) all.push({ kind: 'text', text: text.slice(done, end) }); };
  for (const found of text.matchAll(pattern)) {
    const { person, room } = found.groups ?? {};
    const user = person && called.find(({ name }) => name.toLowerCase() === person.toLowerCase());
    const key = room && names.room(room.toLowerCase());
    if (!user && !key) continue;
    upTo(found.index);
    if (user) all.push({ kind: 'person', text: found[0], id: user.id });
    else if (key) all.push({ kind: 'room', text: found[0], key });
    done = found.index + found[0].length;
  }
  upTo(text.length);
  return all;
}
