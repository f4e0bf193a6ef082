// The page's words in the reader's language. A language is one file of the shape of `en.ts`.

import { createMemo, createRoot, createSignal } from 'solid-js';
import { ParlorError } from '@parlor/client';
import { language } from '../state/prefs.ts';
import { en, type Words } from './en.ts';

type Known = 'en' | 'de';

const [loaded, setLoaded] = createSignal<{ readonly tag: Known; readonly words: Words }>({ tag: 'en', words: en });

const wanted = createRoot(() => createMemo<Known>(() => {
  const chosen = language();
  if (chosen !== 'system') return chosen;
  return navigator.languages.some((tag) => tag.startsWith('de')) && !navigator.languages[0]?.startsWith('en') ? 'de' : 'en';
}));

/** Loads the words of the language that is wanted now. */
export async function loadWords(): Promise<void> {
  const tag = wanted();
  const words = tag === 'de' ? (await import('./de.ts')).de : en;
  if (tag === wanted()) {
    setLoaded({ tag, words });
    document.documentElement.lang = tag;
  }
}

export { wanted as wantedLanguage };

/** The words; read it where they are shown, so that they change with the language. */
export const words = (): Words => loaded().words;

/** For dates and numbers: the reader's own variant of the language, if it is one. */
export function languageTag(): string {
  const { tag } = loaded();
  return navigator.languages.find((own) => own.startsWith(tag)) ?? tag;
}

/** What an error says to people: our own sentence where there is one, else the server's. */
export function errorText(error: unknown): string {
  if (!(error instanceof ParlorError)) return words().errors.unexpected;
  const known = words().errors as Record<string, unknown>;
  const own = known[error.name];
  const text = typeof own === 'string' ? own : error.message;
  return error.suggest ? `${text} ${words().errors.how_about(error.suggest)}` : text;
}
