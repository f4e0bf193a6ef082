// The list of rooms: favourites, rooms, direct messages, and invitations.

import { For, Show, createMemo, type JSX } from 'solid-js';
import { MessageSquarePlus, Plus, Search, Settings } from 'lucide';
import type { Invitation, RoomSummary } from '@parlor/client';
import { client, me, state } from '../state/client.ts';
import { openDialog } from '../state/dialogs.ts';
import { keyed, type Keyed } from '../state/keyed.ts';
import { openRoom } from '../state/route.ts';
import { tell } from '../state/toasts.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import { inSentence, Name } from '../ui/Name.tsx';
import { words } from '../words/index.ts';
import { RoomLine } from './RoomLine.tsx';

export function Rooms(): JSX.Element {
  const own = keyed(() => state().rooms, (line) => line.key);
  const part = (match: (line: RoomSummary) => boolean): (() => readonly Keyed<RoomSummary>[]) => createMemo((before: readonly Keyed<RoomSummary>[]) => {
    const next = own().filter(({ value }) => match(value()));
    return next.length === before.length && next.every((one, at) => one === before[at]) ? before : next;
  }, []);
  const favourites = part((line) => line.favourite);
  const rooms = part((line) => !line.favourite && line.card.kind !== 'direct');
  const direct = part((line) => !line.favourite && line.card.kind === 'direct');
  const invitations = keyed(() => state().invitations, ({ card }) => card.room);
  const isEmpty = (): boolean => state().roomsLoaded && own().length === 0 && invitations().length === 0;

  // One stop for Tab; the arrows go through the list.
  const moved = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const list = event.currentTarget as HTMLElement;
    const links = [...list.querySelectorAll<HTMLElement>('a.room')];
    const at = links.indexOf((event.target as HTMLElement).closest<HTMLElement>('a.room')!);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    links[Math.min(Math.max(to, 0), links.length - 1)]?.focus();
  };

  return (
    <nav class="rooms" aria-label={words().rooms}>
      <header>
        <Show when={me()}>{(user) => <button type="button" class="me quiet" title={words().settings.title} onClick={() => openDialog({ name: 'settings' })}>
          <Avatar of={user()} small /><Name of={user()} class="author" /><span class="unseen">, {words().list.settings}</span><Icon of={Settings} />
        </button>}</Show>
      </header>
      <div class="rooms-tools">
        <button type="button" class="jump" onClick={() => openDialog({ name: 'switcher' })}><Icon of={Search} /><span>{words().list.jump}</span><kbd aria-hidden="true">Ctrl K</kbd></button>
        <button type="button" class="quiet square" aria-label={words().list.find} title={words().list.find} onClick={() => openDialog({ name: 'find' })}><Icon of={Plus} /></button>
      </div>
      <div class="rooms-list" onKeyDown={moved}>
        <Show when={invitations().length > 0}>
          <section aria-label={words().list.invitations}>
            <h2>{words().list.invitations}</h2>
            <ul><For each={invitations()}>{({ value }) => <Invited of={value()} />}</For></ul>
          </section>
        </Show>
        <Part title={words().list.favourites} lines={favourites()} />
        <Part title={words().rooms} lines={rooms()} />
        <Part title={words().list.direct} lines={direct()} action={
          <button type="button" class="quiet square small" aria-label={words().list.to_direct} title={words().list.to_direct} onClick={() => openDialog({ name: 'direct' })}><Icon of={MessageSquarePlus} /></button>
        } always={!isEmpty()} />
        <Show when={isEmpty()}>
          <div class="empty">
            <h2>{words().list.empty_title}</h2>
            <p>{words().list.empty}</p>
            <button type="button" onClick={() => openDialog({ name: 'find' })}>{words().list.find}</button>
          </div>
        </Show>
        <Show when={!state().roomsLoaded && own().length === 0}><p class="hint">{words().loading}</p></Show>
      </div>
    </nav>
  );
}

function Part(props: { readonly title: string; readonly lines: readonly Keyed<RoomSummary>[]; readonly action?: JSX.Element; readonly always?: boolean }): JSX.Element {
  return (
    <Show when={props.lines.length > 0 || props.always}>
      <section aria-label={props.title}>
        <h2>{props.title}{props.action}</h2>
        <ul><For each={props.lines}>{(line) => <RoomLine line={line} />}</For></ul>
      </section>
    </Show>
  );
}

function Invited(props: { readonly of: Invitation }): JSX.Element {
  const room = (): string => props.of.card.room;
  return (
    <li class="invited">
      <p><bdi class="author">{props.of.card.title}</bdi> <span class="detail">{words().list.invited_by(inSentence(props.of.by))}</span></p>
      <button type="button" class="small" onClick={() => void client.join(room()).then((it) => openRoom(it.key), tell)}>{words().list.accept}</button>
      <button type="button" class="small plain" onClick={() => void client.leave(room()).catch(tell)}>{words().list.decline}</button>
    </li>
  );
}
