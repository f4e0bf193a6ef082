// Who is in a room: those who are online first, with their roles.

import { For, Show, createEffect, createMemo, on, type JSX } from 'solid-js';
import { X } from 'lucide';
import type { MemberLine } from '@parlor/client';
import { me } from '../state/client.ts';
import { keyed, type Keyed } from '../state/keyed.ts';
import type { RoomState } from '../state/room.ts';
import { tell } from '../state/toasts.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { Name, calledName, visible } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { personMenu } from './menu.ts';

const RANK: Record<string, number> = { owner: 0, moderator: 1, member: 2 };

export interface PeopleProps {
  readonly state: RoomState;
  readonly onClose: () => void;
  readonly mention: (name: string) => void;
}

export function People(props: PeopleProps): JSX.Element {
  createEffect(on(props.state.room, (room) => { if (room.summary?.membership === 'member') void room.loadMembers().catch(tell); }));
  const sorted = createMemo(() => [...props.state.members().list].sort((one, other) =>
    Number(other.online) - Number(one.online) || (RANK[one.role] ?? 3) - (RANK[other.role] ?? 3) || calledName(one.user).localeCompare(calledName(other.user))));
  const lines = keyed(sorted, ({ user }) => user.id);
  return (
    <aside class="people" aria-label={words().people}>
      <header>
        <h2>{words().person.list(props.state.members().online)}</h2>
        <button type="button" class="quiet square fold" aria-label={words().close} onClick={() => props.onClose()}><Icon of={X} /></button>
      </header>
      <Show when={props.state.members().loaded} fallback={<p class="hint">{words().loading}</p>}>
        <ul><For each={lines()}>{(line) => <Person line={line} state={props.state} mention={props.mention} />}</For></ul>
        <Show when={!props.state.members().complete}><p class="hint">{words().person.incomplete}</p></Show>
      </Show>
    </aside>
  );
}

function Person(props: { readonly line: Keyed<MemberLine>; readonly state: RoomState; readonly mention: (name: string) => void }): JSX.Element {
  const line = (): MemberLine => props.line.value();
  const isMuted = (): boolean => !!line().muted_until && Date.parse(line().muted_until!) > Date.now();
  const detail = (): string => [
    line().role === 'member' ? '' : words().role_names[line().role],
    line().user.guest ? words().person.guest : '',
    isMuted() ? words().person.muted : '',
    line().user.id === me()?.id ? words().you : '',
  ].filter(Boolean).join(', ');
  return (
    <li classList={{ online: line().online }} data-user={props.line.key}>
      <Menu class="person quiet" isNamedInside label={words().person.menu(visible(line().user.name))} items={() => personMenu(line(), props.state, props.mention)}>
        <Avatar of={line().user} small online={line().online} />
        <span class="person-main">
          <Name of={line().user} full />
          <Show when={detail()}><span class="detail">{detail()}</span></Show>
        </span>
        <span class="unseen">{line().online ? words().person.online : words().person.offline}</span>
      </Menu>
    </li>
  );
}

