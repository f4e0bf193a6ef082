// The keys that hold everywhere in the page.

import { state } from './state/client.ts';
import { openDialog, openedDialog } from './state/dialogs.ts';
import { openRoom, route } from './state/route.ts';

export interface RoomKeys {
  readonly escape: () => void;
  readonly focusLog: () => void;
  readonly focusBox: () => void;
}

let room: RoomKeys | undefined;

export function setRoomKeys(keys: RoomKeys): void { room = keys; }

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/u.test(target.tagName));

/** Goes through the rooms as the list shows them, from the open one on. */
function step(by: number, isUnread: boolean): void {
  const links = [...document.querySelectorAll<HTMLElement>('.rooms-list a.room')].map((link) => link.dataset.room ?? '');
  const it = route();
  const at = it.at === 'room' ? links.indexOf(it.key) : -1;
  for (let tried = 1; tried <= links.length; tried += 1) {
    const key = links[(at + by * tried + links.length * (tried + 1)) % links.length];
    if (key && (!isUnread || (state().rooms.find((line) => line.key === key)?.unread ?? 0) > 0)) { openRoom(key); return; }
  }
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const isMod = event.ctrlKey || event.metaKey;
  if (isMod && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    if (!openedDialog()) openDialog({ name: 'switcher' });
    return;
  }
  if (openedDialog()) return;
  if (event.altKey && !isMod && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    step(event.key === 'ArrowDown' ? 1 : -1, event.shiftKey);
    return;
  }
  if (isMod || event.altKey || isTyping(event.target)) return;
  if (event.key === '?') { event.preventDefault(); openDialog({ name: 'help' }); }
  if (event.key === 'Escape') room?.escape();
}

export function listenToKeys(): () => void {
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}
