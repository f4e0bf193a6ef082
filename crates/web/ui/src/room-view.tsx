// The open room: its head, its log, and the box.

import { Match, Show, Switch, createEffect, createMemo, createSignal, on, type JSX } from 'solid-js';
import { ArrowLeft, Ellipsis, Hash, Lock, Search, Users } from 'lucide';
import type { Message } from '@parlor/client';
import { client, state as clientState } from './state/client.ts';
import { openDialog } from './state/dialogs.ts';
import { peopleShown, setPeopleShown } from './state/prefs.ts';
import { roomState } from './state/room.ts';
import { closeRoom, openRoom } from './state/route.ts';
import { tell } from './state/toasts.ts';
import { Composer, type ComposerHandle } from './compose/Composer.tsx';
import { setRoomKeys } from './keys.ts';
import { Log, type LogHandle } from './log/Log.tsx';
import { removeSoon } from './log/removing.ts';
import { People } from './people/People.tsx';
import { roomMenu } from './rooms/menu.ts';
import { titleOf } from './rooms/RoomLine.tsx';
import { Icon } from './ui/Icon.tsx';
import { Menu } from './ui/Menu.tsx';
import { isolated } from './ui/Name.tsx';
import { words } from './words/index.ts';

export function RoomView(props: { readonly room: string; readonly seq: number | undefined }): JSX.Element {
  const state = roomState(() => props.room);
  const { room, summary } = state;
  let log: LogHandle | undefined;
  let box: ComposerHandle | undefined;
  const [joining, setJoining] = createSignal(false);
  const [folded, setFolded] = createSignal(true);
  const title = (): string => { const line = summary(); return line ? titleOf(line) : props.room; };
  // Before the list of rooms is here, nobody knows better: what was typed is shown, and more can be.
  const isMember = createMemo(() => (summary() ? summary()?.membership === 'member' : !clientState().roomsLoaded));
  const isDirect = (): boolean => summary()?.card.kind === 'direct';
  createEffect(on(() => props.room, () => setFolded(true)));

  const lastOwn = (): Message | undefined => state.window().messages.findLast((message) => message.mine && !message.deleted);

  setRoomKeys({ escape: () => { if (log) { log.toEnd(); box?.focus(); } }, focusLog: () => log?.focus(), focusBox: () => box?.focus() });

  const join = async (): Promise<void> => {
    setJoining(true);
    try { openRoom((await client.join(props.room)).key); } catch (error) { tell(error); } finally { setJoining(false); }
  };
  const header = (
    <header class="room-header">
      <button type="button" class="quiet square back" aria-label={words().back} onClick={() => closeRoom()}><Icon of={ArrowLeft} /></button>
      <div class="room-name">
        <h1><Show when={!isDirect()}><Icon of={summary()?.card.kind === 'private' ? Lock : Hash} /></Show><bdi>{title()}</bdi></h1>
        <Show when={summary()?.card.topic}>{(topic) => <p class="topic" dir="auto" title={topic()}>{topic()}</p>}</Show>
      </div>
      <Show when={isMember()}>
        <button type="button" class="quiet square" aria-label={words().room.search} title={words().room.search} onClick={() => openDialog({ name: 'switcher', text: '', room: props.room })}><Icon of={Search} /></button>
        <button type="button" class="quiet people-button" aria-expanded={peopleShown() === 'on'} aria-label={`${words().room.show_people}, ${words().room.online(state.members().online)}`} title={words().room.show_people}
          onClick={() => { if (matchMedia('(max-width: 1099px)').matches) setFolded(!folded()); else setPeopleShown(peopleShown() === 'on' ? 'off' : 'on'); }}>
          <Icon of={Users} /><span aria-hidden="true">{state.members().online}</span>
        </button>
        <Menu class="quiet square" label={words().more} items={() => { const line = summary(); return line ? roomMenu(line) : []; }}><Icon of={Ellipsis} /></Menu>
      </Show>
    </header>
  );
  return (
    <>
      <main class="conversation" aria-label={words().conversation}>
        {header}
        <Switch>
          <Match when={summary() || isMember()}>
            <Show when={isDirect() && summary()?.answered === false}><p class="notice">{words().room.unanswered(isolated(title()))}</p></Show>
            <Log state={state} target={() => props.seq} handle={(it) => { log = it; }} actions={{
              room, mayWrite: isMember, remove: (message) => removeSoon(room(), message.seq),
              reply: (message) => box?.reply(message), edit: (message) => box?.edit(message), write: (text) => box?.write(text),
            }} />
            <Show when={isMember()} fallback={<p class="notice">{words().room.gone}</p>}>
              <Composer state={state} title={isDirect() ? words().box.label_direct(title()) : words().box.label(title())} handle={(it) => { box = it; }}
                onSent={() => log?.sent()} onEscape={() => log?.toEnd()} lastOwn={lastOwn} />
            </Show>
          </Match>
          <Match when={true}>
            <div class="empty">
              <h2><bdi>{props.room}</bdi></h2>
              <p>{words().room.not_member}</p>
              <button type="button" disabled={joining()} onClick={() => void join()}>{joining() ? words().room.joining : words().room.join}</button>
            </div>
          </Match>
        </Switch>
      </main>
      <Show when={isMember() && !isDirect() && (peopleShown() === 'on' || !folded())}>
        <div class="people-place" classList={{ folded: folded() }}>
          <People state={state} mention={(name) => { setFolded(true); box?.write(`@${name} `); }} onClose={() => { setFolded(true); if (matchMedia('(min-width: 1100px)').matches) setPeopleShown('off'); }} />
        </div>
      </Show>
    </>
  );
}
