// The word before the cursor that could be completed.

export interface Word { readonly kind: '@' | '#' | ':' | '/'; readonly from: number; readonly text: string }

/** Finds the word before the cursor that could be completed. */
export function wordBefore(text: string, caret: number): Word | undefined {
  const before = text.slice(0, caret);
  const command = /^\/([a-z]*)$/u.exec(before);
  if (command) return { kind: '/', from: 0, text: command[1] ?? '' };
  const found = /(?:^|[\s(])([@#:])([\p{L}\p{N}._+-]*)$/u.exec(before);
  if (!found) return undefined;
  const [, kind, word = ''] = found;
  // A colon alone, or with one letter, is more often a face or a clock.
  if (kind === ':' && word.length < 2) return undefined;
  return { kind: kind as Word['kind'], from: caret - word.length - 1, text: word.toLowerCase() };
}
