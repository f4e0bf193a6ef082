// What tells someone who looks elsewhere: the title and icon, a notification, a sound.

import type { ClientEvents, ClientState } from '@parlor/client';
import { isWatched } from './state/attention.ts';
import { popups, sound } from './state/prefs.ts';
import { openRoom, route } from './state/route.ts';
import { plain } from './text/markdown.ts';
import { titleOf } from './rooms/RoomLine.tsx';
import { calledName, visible } from './ui/Name.tsx';
import { words } from './words/index.ts';

/** The counts in the title and at the icon of an installed page: the same that the list shows. */
export function showTotals({ totals, rooms }: ClientState): void {
  const it = route();
  const open = it.at === 'room' ? rooms.find((line) => line.key === it.key) : undefined;
  const name = open ? titleOf(open) : '';
  const count = totals.mentions > 0 ? `(${totals.mentions}) ` : totals.unread > 0 ? '• ' : '';
  document.title = `${count}${name ? `${name} – ` : ''}Parlor`;
  const badge = navigator as { setAppBadge?: (count: number) => Promise<void>; clearAppBadge?: () => Promise<void> };
  void (totals.mentions > 0 ? badge.setAppBadge?.(totals.mentions) : badge.clearAppBadge?.())?.catch(() => undefined);
}

export function notifyOf({ room, message }: ClientEvents['message']): void {
  const line = room.summary;
  const isQuiet = (line?.quietUntil ?? 0) > Date.now();
  const isDirect = line?.card.kind === 'direct';
  const it = route();
  const isSeen = isWatched() && it.at === 'room' && it.key === room.key;
  if (isQuiet || isSeen || !(isDirect || message.mentionsMe)) return;
  if (sound() === 'on') beep();
  if (popups() !== 'on' || !('Notification' in window) || Notification.permission !== 'granted') return;
  const title = words().notify.title(calledName(message.author), isDirect ? '' : visible(line?.title ?? ''));
  try {
    const shown = new Notification(title, { body: plain(message.body) || words().notify.sent_something, tag: room.key, icon: '/icon.svg' });
    shown.onclick = () => { window.focus(); openRoom(room.key, message.seq); shown.close(); };
  } catch { /* Some phones only let a service worker show one. */ }
}

let audio: AudioContext | undefined;

/** Two short soft tones, made here: no file to load. */
export function beep(): void {
  try {
    audio ??= new AudioContext();
    const start = audio.currentTime;
    [660, 880].forEach((frequency, at) => {
      const [tone, gain] = [audio!.createOscillator(), audio!.createGain()];
      const from = start + at * 0.12;
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0.0001, from);
      gain.gain.exponentialRampToValueAtTime(0.08, from + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.18);
      tone.connect(gain).connect(audio!.destination);
      tone.start(from);
      tone.stop(from + 0.2);
    });
  } catch { /* No sound here. */ }
}
