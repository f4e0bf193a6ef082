// The page: who is not signed in signs in, everyone else chats.

import { Match, Show, Switch, createEffect, createMemo, on, onCleanup, onMount, type JSX } from 'solid-js';
import { client, me, state } from './state/client.ts';
import { openedDialog } from './state/dialogs.ts';
import { route } from './state/route.ts';
import { toast } from './state/toasts.ts';
import { EmojiPicker } from './compose/EmojiPicker.tsx';
import { Dialogs } from './dialogs/Dialogs.tsx';
import { InviteView } from './dialogs/InviteView.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { listenToKeys } from './keys.ts';
import { notifyOf, showTotals } from './notify.ts';
import { RoomView } from './room-view.tsx';
import { Rooms } from './rooms/Rooms.tsx';
import { SignIn } from './signin/SignIn.tsx';
import { inSentence, isolated, visible } from './ui/Name.tsx';
import { Toasts } from './ui/Toasts.tsx';
import { loadWords, wantedLanguage, words } from './words/index.ts';

export function App(): JSX.Element {
  const isIn = createMemo(() => me() !== null);
  createEffect(on(wantedLanguage, () => void loadWords().catch(() => undefined), { defer: true }));
  createEffect(() => showTotals(state()));
  onMount(() => {
    onCleanup(listenToKeys());
    onCleanup(client.on('message', notifyOf));
    onCleanup(client.on('notice', ({ message }) => toast(message)));
    onCleanup(client.on('gone', ({ title, why, by, reason }) => {
      const { room } = words();
      const because = reason ? room.reason(isolated(reason)) : '';
      if (why === 'kicked') toast(room.kicked(visible(title), by ? inSentence(by) : '', because), { kind: 'error' });
      if (why === 'banned') toast(room.banned(visible(title), by ? inSentence(by) : '', because), { kind: 'error' });
    }));
  });
  return (
    <>
      <Show when={isIn()} fallback={<SignIn />}><Chat /></Show>
      <Show when={!openedDialog()}><Toasts /></Show>
      <EmojiPicker />
    </>
  );
}

function Chat(): JSX.Element {
  const key = createMemo(() => { const it = route(); return it.at === 'room' ? it.key : undefined; });
  const seq = createMemo(() => { const it = route(); return it.at === 'room' ? it.seq : undefined; });
  const code = createMemo(() => { const it = route(); return it.at === 'invite' ? it.code : undefined; });
  return (
    <>
      <Show when={key()}>
        <p class="skip"><a href="#messages" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('#messages [data-key][tabindex="0"]')?.focus(); }}>{words().skip_to_messages}</a>
          <a href="#message-box" onClick={(event) => { event.preventDefault(); document.getElementById('message-box')?.focus(); }}>{words().skip_to_box}</a></p>
      </Show>
      <div class="chat" data-open={key() || code() ? '' : undefined}>
        <Rooms />
        <div class="middle">
          <ConnectionBanner />
          <div class="middle-row">
            <Switch fallback={<main class="conversation nothing" aria-label={words().conversation}><div class="empty"><h1>{words().room.nothing_open}</h1><p>{words().room.nothing_open_text}</p></div></main>}>
              <Match when={key()}>{(it) => <RoomView room={it()} seq={seq()} />}</Match>
              <Match when={code()}>{(it) => <InviteView code={it()} />}</Match>
            </Switch>
          </div>
        </div>
      </div>
      <Dialogs />
    </>
  );
}
