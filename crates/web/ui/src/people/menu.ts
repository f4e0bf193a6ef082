// What one can do with a person in a room, by one's own role there.

import { AtSign, Ban, MessageSquare, MicOff, Mic, ShieldCheck, UserMinus } from 'lucide';
import type { MemberLine } from '@parlor/client';
import { client, me } from '../state/client.ts';
import { openDialog } from '../state/dialogs.ts';
import type { RoomState } from '../state/room.ts';
import { openRoom } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import type { MenuItem } from '../ui/Menu.tsx';
import { words } from '../words/index.ts';

const RANK: Record<string, number> = { owner: 2, moderator: 1, member: 0 };

export function personMenu(line: MemberLine, state: RoomState, mention: (name: string) => void): MenuItem[] {
  const { person } = words();
  const card = state.summary()?.card;
  const isSelf = line.user.id === me()?.id;
  const own = RANK[card?.role ?? 'member'] ?? 0;
  const theirs = RANK[line.role] ?? 0;
  const mayModerate = !isSelf && card?.kind !== 'direct' && own > 0 && (own > theirs || own === 2);
  const room = state.room();
  const open = (act: 'kick' | 'ban' | 'mute' | 'role') => (): void => openDialog({ name: 'moderate', room: room.key, user: line.user, act });
  const isMuted = !!line.muted_until && Date.parse(line.muted_until) > Date.now();
  const items: (MenuItem | false)[] = [
    !isSelf && card?.kind !== 'direct' && { label: person.message, icon: MessageSquare, run: () => void client.openDirect(line.user.id).then((it) => openRoom(it.key), tell) },
    { label: person.mention, icon: AtSign, run: () => mention(line.user.name) },
    mayModerate && isMuted && { label: person.unmute, icon: Mic, run: () => void room.mute(line.user.id, 0).catch(tell) },
    mayModerate && !isMuted && { label: person.mute_for, icon: MicOff, run: open('mute') },
    own === 2 && card?.kind !== 'direct' && !line.user.guest && { label: person.role, icon: ShieldCheck, run: open('role') },
    mayModerate && { label: person.kick, icon: UserMinus, danger: true, run: open('kick') },
    mayModerate && { label: person.ban, icon: Ban, danger: true, run: open('ban') },
  ];
  return items.filter((item): item is MenuItem => item !== false);
}
