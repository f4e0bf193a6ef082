// One room in the list: what it is called, what was said last, and what waits there.

import { Show, type JSX } from 'solid-js';
import { BellOff, Ellipsis, Hash, Lock } from 'lucide';
import type { RoomSummary } from '@parlor/client';
import { when as whenText, number } from '../format.ts';
import { me, state } from '../state/client.ts';
import type { Keyed } from '../state/keyed.ts';
import { roomAddress, route } from '../state/route.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Menu } from '../ui/Menu.tsx';
import { calledName, visible } from '../ui/Name.tsx';
import { plain } from '../text/markdown.ts';
import { words } from '../words/index.ts';
import { roomMenu } from './menu.ts';

/** The name of a room for people: of a direct one the other person's. */
export const titleOf = (line: Pick<RoomSummary, 'card' | 'title'>): string => (line.card.with ? calledName(line.card.with) : visible(line.title));

export function RoomLine(props: { readonly line: Keyed<RoomSummary> }): JSX.Element {
  const line = (): RoomSummary => props.line.value();
  const isOpen = (): boolean => { const it = route(); return it.at === 'room' && it.key === props.line.key; };
  const isQuiet = (): boolean => line().quietUntil > Date.now();
  const isTabStop = (): boolean => isOpen() || (route().at !== 'room' && state().rooms[0]?.key === props.line.key);
  const preview = (): string => {
    const { lastMessage: last, hasDraft } = line();
    const { list } = words();
    if (hasDraft && !isOpen()) return list.draft;
    if (!last) return line().card.topic;
    if (last.deleted) return list.deleted;
    const text = plain(last.preview, 80);
    if (last.author.id === me()?.id) return list.you_said(text);
    return line().card.kind === 'direct' ? text : `\u2068${calledName(last.author)}\u2069: ${text}`;
  };
  return (
    <li classList={{ quiet: isQuiet(), unread: line().unread > 0 && !isQuiet() }}>
      <a class="room" href={roomAddress(props.line.key)} data-room={props.line.key} aria-current={isOpen() ? 'page' : undefined} tabIndex={isTabStop() ? 0 : -1}>
        <Show when={line().card.with} fallback={<span class="room-icon"><Icon of={line().card.kind === 'private' ? Lock : Hash} /></span>}>
          {(other) => <Avatar of={other()} small />}
        </Show>
        <span class="room-main">
          <span class="room-top">
            <bdi class="room-title">{titleOf(line())}</bdi>
            <Show when={isQuiet()}><span class="room-quiet"><Icon of={BellOff} /><span class="unseen">{words().list.quiet}</span></span></Show>
            <Show when={line().lastMessage}>{(last) => <time>{whenText(last().at)}</time>}</Show>
          </span>
          <span class="room-bottom">
            <span class="room-preview" dir="auto" classList={{ draft: line().hasDraft && !isOpen() }}>{preview()}</span>
            <Show when={line().unsent > 0}><span class="badge bad">{words().list.unsent(line().unsent)}</span></Show>
            <Show when={line().mentions > 0}><span class="badge mention" aria-label={words().list.mentions(line().mentions)}>@{number(line().mentions)}</span></Show>
            <Show when={line().unread > 0}><span class="badge" aria-label={words().list.unread(line().unread)}>{line().unread > 998 ? '999+' : number(line().unread)}</span></Show>
          </span>
        </span>
      </a>
      <Menu class="quiet square room-more" label={words().list.menu(titleOf(line()))} items={() => roomMenu(line())} tabIndex={-1}><Icon of={Ellipsis} /></Menu>
    </li>
  );
}
