// What one can do with a room: the same at its line in the list and at its head.

import { Bell, BellOff, CheckCheck, LogOut, Settings, Star, StarOff, UserPlus } from 'lucide';
import type { RoomSummary } from '@parlor/client';
import { client } from '../state/client.ts';
import { openDialog } from '../state/dialogs.ts';
import { tell } from '../state/toasts.ts';
import type { MenuItem } from '../ui/Menu.tsx';
import { words } from '../words/index.ts';

export function roomMenu(line: RoomSummary): MenuItem[] {
  const { room: text } = words();
  const room = client.room(line.key);
  const isQuiet = line.quietUntil > Date.now();
  const isDirect = line.card.kind === 'direct';
  const prefs = (wanted: Parameters<typeof room.setPrefs>[0]) => (): void => void room.setPrefs(wanted).catch(tell);
  const items: (MenuItem | false)[] = [
    line.unread > 0 && { label: text.mark_read, icon: CheckCheck, run: () => room.markRead() },
    line.favourite ? { label: text.unfavourite, icon: StarOff, run: prefs({ favourite: false }) } : { label: text.favourite, icon: Star, run: prefs({ favourite: true }) },
    isQuiet ? { label: text.unmute, icon: Bell, run: prefs({ quietUntil: 0 }) } : { label: text.mute, icon: BellOff, run: prefs({ quietUntil: Number.MAX_SAFE_INTEGER }) },
    !isDirect && { label: text.invite, icon: UserPlus, run: () => openDialog({ name: 'invite', room: line.key }) },
    !isDirect && { label: text.settings, icon: Settings, run: () => openDialog({ name: 'manage', room: line.key }) },
    { label: isDirect ? text.leave_direct : text.leave, icon: LogOut, danger: !isDirect, run: () => openDialog({ name: 'leave', room: line.key }) },
  ];
  return items.filter((item): item is MenuItem => item !== false);
}
