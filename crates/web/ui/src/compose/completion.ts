// What could be meant by the word before the cursor: people after `@`, rooms after `#`, emoji after `:`, and
// commands after `/` at the beginning.

import type { MemberLine, RoomSummary, User } from '@parlor/client';
import { emojis, search } from '../text/emoji.ts';
import { words } from '../words/index.ts';
import { wordBefore, type Word } from './word-before.ts';

export interface Suggestion {
  readonly label: string;
  readonly detail?: string;
  /** What stands in the place of the word. */
  readonly insert: string;
}

export interface Completion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly Suggestion[];
}

const SHOWN_MAX = 8;

export interface Sources {
  readonly members: () => readonly MemberLine[];
  readonly rooms: () => readonly RoomSummary[];
  readonly self: () => string | undefined;
  /** How someone wants to be called. */
  readonly called: (user: User) => string;
}

export async function complete(text: string, caret: number, sources: Sources): Promise<Completion | undefined> {
  const word = wordBefore(text, caret);
  if (!word) return undefined;
  const suggestions = await suggestionsFor(word, sources);
  return suggestions.length > 0 ? { from: word.from, to: caret, suggestions } : undefined;
}

async function suggestionsFor(word: Word, sources: Sources): Promise<Suggestion[]> {
  switch (word.kind) {
    case '@': {
      const others = sources.members().filter(({ user }) => user.id !== sources.self());
      const called = ({ user }: MemberLine): string => sources.called(user);
      return best(others, word.text, (line) => [line.user.name, called(line)], ({ online }) => (online ? 0 : 1))
        .map((line) => ({ label: `@${line.user.name}`, detail: detailOf(line, called(line)), insert: `@${line.user.name} ` }));
    }
    case '#': {
      const rooms = sources.rooms().filter(({ card }) => card.kind === 'public');
      return best(rooms, word.text, ({ card }) => [card.room], () => 0)
        .map(({ card }) => ({ label: `#${card.room}`, detail: card.title === card.room ? '' : card.title, insert: `#${card.room} ` }));
    }
    case ':': {
      const found = search(await emojis(), word.text, SHOWN_MAX);
      return found.map((it) => ({ label: `${it.emoji} :${it.codes[0] ?? ''}:`, detail: it.name, insert: `${it.emoji} ` }));
    }
    case '/':
      return Object.entries(words().box.commands).filter(([name]) => name.startsWith(word.text)).slice(0, SHOWN_MAX + 2)
        .map(([name, detail]) => ({ label: `/${name}`, detail, insert: `/${name} ` }));
  }
}

const detailOf = ({ user, online }: MemberLine, called: string): string =>
  [called === user.name ? '' : called, online ? words().person.online : ''].filter(Boolean).join(', ');

/** Those whose name begins with the word come first, then those that contain it. */
function best<T>(all: readonly T[], word: string, namesOf: (item: T) => readonly string[], order: (item: T) => number): T[] {
  const ranked = all.map((item) => {
    const places = namesOf(item).map((name) => name.toLowerCase().indexOf(word)).filter((at) => at >= 0);
    return { item, rank: places.length === 0 ? Infinity : (places.includes(0) ? 0 : 10) + order(item) };
  });
  return ranked.filter(({ rank }) => rank < Infinity).sort((one, other) => one.rank - other.rank).slice(0, SHOWN_MAX).map(({ item }) => item);
}
