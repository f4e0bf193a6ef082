// The server's rules for texts, as far as a client needs them. tests/words.json has the cases of both.

/** Returns whether a text shows nothing: the server refuses it. */
export function isBlank(text: string): boolean {
  return /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u{1d159}\u{2800}\u{13441}\u{13442}]*$/u.test(text);
}

/** Returns what is equal for two forms of one emoji: older entries may have either. */
export function emojiKey(emoji: string): string {
  return emoji.replaceAll('\ufe0f', '');
}
