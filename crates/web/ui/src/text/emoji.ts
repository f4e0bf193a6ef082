// All emoji with names in the reader's language, loaded when they are first needed.

import { wantedLanguage } from '../words/index.ts';

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  /** Names between colons, the best first. */
  readonly codes: readonly string[];
  readonly group: number;
  readonly find: string;
}

interface Compact { readonly unicode: string; readonly label: string; readonly hexcode: string; readonly group?: number; readonly order?: number; readonly tags?: readonly string[] }

const OFTEN_KEY = 'parlor.page.emoji';
const OFTEN_MAX = 16;
export const FIRST_CHOICE = ['👍', '❤️', '😂', '🎉', '😮', '😢'] as const;

let loading: Promise<readonly Emoji[]> | undefined;

async function load(): Promise<readonly Emoji[]> {
  const [all, codes, german] = await Promise.all([
    import('emojibase-data/en/compact.json'),
    import('emojibase-data/en/shortcodes/github.json'),
    wantedLanguage() === 'de' ? import('emojibase-data/de/compact.json') : null,
  ]);
  const named = codes.default as Record<string, string | readonly string[]>;
  const translated = new Map((german?.default as readonly Compact[] | undefined)?.map((it) => [it.hexcode, it]));
  // Without a group: parts of others. Group 2: skin tones.
  const shown = (all.default as readonly Compact[]).filter((it) => it.group !== undefined && it.group !== 2);
  return shown.sort((one, other) => (one.order ?? 0) - (other.order ?? 0)).map((it) => {
    const own = translated.get(it.hexcode);
    const code = named[it.hexcode] ?? it.label.replace(/\W+/gu, '_');
    const list = typeof code === 'string' ? [code] : code;
    const find = [it.label, own?.label, ...list, ...(it.tags ?? []), ...(own?.tags ?? [])].join(' ').toLowerCase();
    return { emoji: it.unicode, name: own?.label ?? it.label, codes: list, group: it.group ?? 0, find };
  });
}

/** A load that failed is tried again with the next call. */
export function emojis(): Promise<readonly Emoji[]> {
  loading ??= load().catch((error: unknown) => { loading = undefined; throw error; });
  return loading;
}

export function search(all: readonly Emoji[], text: string, limit: number): Emoji[] {
  const wanted = text.toLowerCase().trim();
  if (!wanted) return all.slice(0, limit);
  const rank = (it: Emoji): number => {
    if (it.codes.includes(wanted)) return 0;
    if (it.codes.some((code) => code.startsWith(wanted))) return 1;
    return it.find.split(' ').some((word) => word.startsWith(wanted)) ? 2 : it.find.includes(wanted) ? 3 : 4;
  };
  return all.map((it) => ({ it, rank: rank(it) })).filter((one) => one.rank < 4).sort((one, other) => one.rank - other.rank).slice(0, limit).map((one) => one.it);
}

/** Replaces `:name:` by the emoji of this name; what is no name stays. */
export async function withEmoji(text: string): Promise<string> {
  if (!/:[a-z0-9_+-]+:/u.test(text)) return text;
  const all = await emojis();
  return text.replace(/:([a-z0-9_+-]+):/gu, (whole, code: string) => all.find((it) => it.codes.includes(code))?.emoji ?? whole);
}

export function often(): readonly string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(OFTEN_KEY) ?? '[]') as unknown;
    const own = Array.isArray(kept) ? kept.filter((it): it is string => typeof it === 'string') : [];
    return [...new Set([...own, ...FIRST_CHOICE])].slice(0, OFTEN_MAX);
  } catch { return FIRST_CHOICE; }
}

export function used(emoji: string): void {
  try { localStorage.setItem(OFTEN_KEY, JSON.stringify([emoji, ...often().filter((it) => it !== emoji)].slice(0, OFTEN_MAX))); } catch { /* Not kept. */ }
}
