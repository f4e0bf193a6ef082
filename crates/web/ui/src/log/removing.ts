// Messages that are about to be deleted: hidden here at once, deleted on the server when it can no longer be undone.

import { createSignal } from 'solid-js';
import type { Room } from '@parlor/client';
import { dismiss, tell, toast } from '../state/toasts.ts';
import { words } from '../words/index.ts';

const UNDO_MS = 5_000;
const [removing, setRemoving] = createSignal<ReadonlySet<string>>(new Set());
const key = (room: string, seq: number): string => `${room}/${seq}`;

export const isRemoving = (room: string, seq: number): boolean => removing().has(key(room, seq));

export function removeSoon(room: Room, seq: number): void {
  const name = key(room.key, seq);
  if (removing().has(name)) return;
  setRemoving((all) => new Set(all).add(name));
  const show = (): void => { setRemoving((all) => { const left = new Set(all); left.delete(name); return left; }); };
  // Whoever closes the page meant it.
  const now = (): void => {
    clearTimeout(timer);
    removeEventListener('pagehide', now);
    void room.delete(seq).catch(tell).finally(show);
  };
  const timer = setTimeout(now, UNDO_MS);
  addEventListener('pagehide', now);
  const id = toast(words().log.deleting, {
    forMs: UNDO_MS,
    action: { label: words().log.undo, run: () => { clearTimeout(timer); removeEventListener('pagehide', now); dismiss(id); show(); } },
  });
}
