// The clipboard.

import { toast } from '../state/toasts.ts';
import { words } from '../words/index.ts';

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(words().log.copied, { forMs: 2_000 });
  } catch {
    // Over plain http, and where the browser forbids it.
    toast(words().log.not_copied, { kind: 'error' });
  }
}
